// spdystream (Debian golang-github-docker-spdystream-dev) echo peer, SPDY/3 over plain TCP, no HTTP.
//
//	gostream server PORT          (0: any free one) prints the port and mirrors each stream's headers and bytes
//	gostream client PORT N BYTES  opens N streams, sends BYTES on each, reads the echo back
package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/docker/spdystream"
)

// mirror answers with the headers of the request and sends its bytes back.
func mirror(st *spdystream.Stream) {
	if err := st.SendReply(st.Headers(), false); err != nil {
		return
	}
	go func() {
		io.Copy(st, st)
		st.Close()
	}()
}

func main() {
	if os.Args[1] == "server" {
		l, err := net.Listen("tcp", "127.0.0.1:"+os.Args[2])
		if err != nil {
			panic(err)
		}
		fmt.Printf("listening plain=%d\n", l.Addr().(*net.TCPAddr).Port)
		for {
			c, err := l.Accept()
			if err != nil {
				panic(err)
			}
			s, err := spdystream.NewConnection(c, true)
			if err != nil {
				panic(err)
			}
			go s.Serve(mirror)
		}
	}
	n, _ := strconv.Atoi(os.Args[3])
	size, _ := strconv.Atoi(os.Args[4])
	c, err := net.Dial("tcp", "127.0.0.1:"+os.Args[2])
	if err != nil {
		panic(err)
	}
	s, err := spdystream.NewConnection(c, false)
	if err != nil {
		panic(err)
	}
	go s.Serve(spdystream.NoOpStreamHandler)
	rtt, err := s.Ping()
	ok := 0
	var mu sync.Mutex
	var wg sync.WaitGroup
	t0 := time.Now()
	for i := 0; i < n; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			st, err := s.CreateStream(http.Header{"X-Stream": {strconv.Itoa(i)}}, nil, false)
			if err != nil {
				fmt.Println(err)
				return
			}
			if err := st.WaitTimeout(5 * time.Second); err != nil {
				fmt.Println("reply:", err)
				return
			}
			b := make([]byte, size)
			rand.Read(b)
			go func() { st.Write(b); st.Close() }()
			got, err := io.ReadAll(st)
			if err == nil && bytes.Equal(b, got) {
				mu.Lock()
				ok++
				mu.Unlock()
			} else {
				fmt.Println(len(got), err)
			}
		}(i)
	}
	wg.Wait()
	dt := time.Since(t0).Seconds()
	fmt.Printf("{\"client\":\"spdystream\",\"streams\":%d,\"ok\":%d,\"ping_us\":%d,\"ping_err\":\"%v\",\"seconds\":%.3f,\"mb_per_s\":%.1f}\n", n, ok, rtt.Microseconds(), err, dt, float64(2*ok*size)/dt/1e6)
	if ok < n {
		os.Exit(1)
	}
}
