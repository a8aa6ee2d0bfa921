package radiusd_test

import (
	"context"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
)

const inFlight = 64

// BenchmarkServer answers signed requests through real sockets. The figure to
// look at is its ratio to BenchmarkEcho.
func BenchmarkServer(b *testing.B) {
	w := newWorld(b, func(o *radiusd.Options) { o.Gate = openGate{} })
	load(b, w.serve("udp4", "127.0.0.1:0"))
	if dropped := w.server.Snapshot().Dropped; dropped["queue_full"]+dropped["late"] > 0 {
		b.Errorf("dropped: %v", dropped)
	}
}

// openGate accepts everybody at no cost.
type openGate struct{}

func (openGate) Check(context.Context, access.Request) (access.Decision, error) {
	return access.Decision{Verdict: access.Accept, Reason: access.TOTPAccepted, User: "alice"}, nil
}

func (openGate) ValidState(string) bool { return false }

// BenchmarkEcho sends each datagram back, on one goroutine.
func BenchmarkEcho(b *testing.B) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			conn.WriteToUDPAddrPort(buffer[:n], from)
		}
	}()
	load(b, conn.LocalAddr().(*net.UDPAddr))
}

// load keeps as many requests in flight, each from its own socket, and sends
// ready-made ones, so that the figure is the server's.
func load(b *testing.B, to *net.UDPAddr) {
	requests := make([][][]byte, inFlight)
	for i := range requests {
		for identifier := range 256 {
			requests[i] = append(requests[i], login(byte(identifier), "123456", testSecret))
		}
	}
	var next atomic.Int64
	var senders sync.WaitGroup
	before := processorTime()
	b.ResetTimer()
	for i := range inFlight {
		conn, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, to)
		if err != nil {
			b.Fatal(err)
		}
		senders.Go(func() {
			defer conn.Close()
			buffer := make([]byte, 4096)
			for n := 0; next.Add(1) <= int64(b.N); n++ {
				request := requests[i][n%256]
				request[4+n/256%8]++ // another authenticator: no retransmission
				clear(request[len(request)-16:])
				conn.Write(sign(request, testSecret))
				conn.SetReadDeadline(time.Now().Add(time.Second))
				if _, err := conn.Read(buffer); err != nil {
					b.Error(err)
				}
			}
		})
	}
	senders.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
	b.ReportMetric(float64((processorTime()-before).Microseconds())/float64(b.N), "cpu-us/request")
	b.ReportMetric(float64(runtime.NumGoroutine()), "goroutines")
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
