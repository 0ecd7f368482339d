package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"time"
)

func transform[T, U any](list []T, each func(T) U) []U {
	var made []U
	for _, item := range list {
		made = append(made, each(item))
	}
	return made
}

func main() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "served")
	}))
	answer, err := http.Get(server.URL)
	if err != nil {
		panic(err)
	}
	body, _ := io.ReadAll(answer.Body)
	fmt.Println(answer.Status, string(body))

	var group sync.WaitGroup
	var count int64
	for i := 0; i < 1000; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			time.Sleep(time.Millisecond)
			atomic.AddInt64(&count, 1)
		}()
	}
	group.Wait()
	fmt.Println(count, "goroutines")

	squares, _ := json.Marshal(map[string][]int{
		"squares": transform([]int{1, 2, 3}, func(n int) int { return n * n }),
	})
	fmt.Println(string(squares))
}
