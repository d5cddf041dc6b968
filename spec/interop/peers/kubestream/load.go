package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// source sends each connection as many bytes of the pattern as its first line says, and ends it.
func source(address string) {
	listener, err := net.Listen("tcp", address)
	check(err)
	fmt.Printf("listening plain=%d\n", listener.Addr().(*net.TCPAddr).Port)
	for {
		conn, err := listener.Accept()
		check(err)
		go func() {
			defer conn.Close()
			line, _ := bufio.NewReader(conn).ReadString('\n')
			size, _ := strconv.Atoi(strings.TrimSpace(line))
			// The pattern repeats within a piece: one piece is all of them.
			piece := make([]byte, pieceSize)
			(&pattern{size: pieceSize}).fill(piece)
			for at := 0; at < size; at += pieceSize {
				rest := size - at
				if rest > pieceSize {
					rest = pieceSize
				}
				if _, err := conn.Write(piece[:rest]); err != nil {
					return
				}
			}
		}()
	}
}

// drain asks a source for bytes over several connections at once, and tells what came, and how long that took.
func drain(args []string) {
	count, _ := strconv.Atoi(args[1])
	size, _ := strconv.Atoi(args[2])
	var done sync.WaitGroup
	var lock sync.Mutex
	whole, wrong := 0, 0
	started := time.Now()
	for i := 0; i < count; i++ {
		done.Add(1)
		go func() {
			defer done.Done()
			good := false
			if conn, err := net.Dial("tcp", args[0]); err == nil {
				fmt.Fprintf(conn, "%d\n", size)
				good = hasPattern(conn, size)
				conn.Close()
			}
			lock.Lock()
			defer lock.Unlock()
			if good {
				whole++
			} else {
				wrong++
			}
		}()
	}
	done.Wait()
	printJSON(map[string]interface{}{"whole": whole, "wrong": wrong, "seconds": time.Since(started).Seconds()})
}

// hasPattern reads to the end: so many bytes of the pattern, and no more. One byte of each read is looked at.
func hasPattern(reader io.Reader, size int) bool {
	piece := make([]byte, 2*pieceSize)
	at := 0
	for {
		n, err := reader.Read(piece)
		if n > 0 && piece[n-1] != byte(at+n-1) {
			return false
		}
		at += n
		if err != nil {
			return err == io.EOF && at == size
		}
	}
}
