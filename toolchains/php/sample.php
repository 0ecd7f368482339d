<?php

declare(strict_types=1);

enum Shape
{
    case Square;
    case Circle;

    public function area(float $size): float
    {
        return match ($this) {
            Shape::Square => $size ** 2,
            Shape::Circle => M_PI * $size ** 2,
        };
    }
}

printf("%-8s %6.2f\n", Shape::Square->name, Shape::Square->area(2));
printf("%-8s %6.2f\n", Shape::Circle->name, Shape::Circle->area(1.5));

function fibonacci(int $below): Generator
{
    for ([$a, $b] = [0, 1]; $a < $below; [$a, $b] = [$b, $a + $b]) {
        yield $a;
    }
}

echo implode(' ', iterator_to_array(fibonacci(100))), "\n";

$words = array_count_values(explode(' ', 'the quick fox and the lazy dog and the cat'));
arsort($words);
echo json_encode(array_filter($words, fn($count) => $count > 1)), "\n";
