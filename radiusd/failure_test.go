package radiusd_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"layeh.com/radius"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
)

func TestGateErrorsGetNoAnswerAndAnotherChance(t *testing.T) {
	t.Parallel()
	for cause, failure := range map[string]error{
		"busy": access.ErrBusy, "backend": access.ErrBackend, "store": access.ErrStore, "fault": errors.New("anything else"),
	} {
		t.Run(cause, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			var failing atomic.Bool
			failing.Store(true)
			w.gate.check = func(context.Context, access.Request) (access.Decision, error) {
				if failing.Load() {
					return access.Decision{Verdict: access.Accept}, failure
				}
				return access.Decision{Verdict: access.Accept}, nil
			}
			client := w.client("127.0.0.1")
			request := login(1, "x", testSecret)
			client.silent(request, cause)
			failing.Store(false)
			if reply := client.ask(request); reply.Code != radius.CodeAccessAccept {
				t.Error(reply.Code)
			}
		})
	}
}

func TestUnknownVerdictIsNoAccept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.gate.check = func(context.Context, access.Request) (access.Decision, error) { return access.Decision{}, nil }
	w.client("127.0.0.1").silent(login(1, "x", testSecret), "fault")
}

func TestPanicCostsOneRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *radiusd.Options) { o.Workers = 1 })
	var broken atomic.Bool
	broken.Store(true)
	w.gate.check = func(context.Context, access.Request) (access.Decision, error) {
		if broken.Load() {
			panic("broken")
		}
		return access.Decision{Verdict: access.Accept}, nil
	}
	client := w.client("127.0.0.1")
	request := login(1, "x", testSecret)
	client.silent(request, "panic")
	broken.Store(false)
	if reply := client.ask(request); reply.Code != radius.CodeAccessAccept {
		t.Error(reply.Code)
	}
	if !strings.Contains(w.log.String(), "goroutine") {
		t.Error("no stack in the log")
	}
}
