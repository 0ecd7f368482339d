use strict;
use warnings;
use feature 'say';

my %area = (square => 2**2, circle => 3.14159 * 1.5**2);
printf "%-8s %6.2f\n", $_, $area{$_} for sort keys %area;

my ($x, $y) = (0, 1);
my @fibonacci;
while ($x < 100) {
    push @fibonacci, $x;
    ($x, $y) = ($y, $x + $y);
}
say "@fibonacci";

my %count;
$count{lc $1}++ while "The quick fox and the lazy dog and the cat" =~ /(\w+)/g;
say "$_: $count{$_}" for grep { $count{$_} > 1 } sort keys %count;
