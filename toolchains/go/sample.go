package main

import (
	"fmt"
	"strings"
)

type shape interface {
	area() float64
}

type square struct{ side float64 }

type circle struct{ radius float64 }

func (s square) area() float64 { return s.side * s.side }

func (c circle) area() float64 { return 3.14159 * c.radius * c.radius }

func main() {
	for _, s := range []shape{square{2}, circle{1.5}} {
		name := strings.TrimPrefix(fmt.Sprintf("%T", s), "main.")
		fmt.Printf("%-8s %6.2f\n", name, s.area())
	}

	numbers := make(chan int)
	go func() {
		defer close(numbers)
		for a, b := 0, 1; a < 100; a, b = b, a+b {
			numbers <- a
		}
	}()
	for n := range numbers {
		fmt.Print(n, " ")
	}
	fmt.Println()
}
