package notice

import (
	"bytes"
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"vpn-otpd/store"
	"vpn-otpd/store/sqlite"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// world is a real outbox, a clock and a log.
type world struct {
	*testing.T
	path  string
	clock *clock
	store *store.Store
	log   *buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, path: filepath.Join(t.TempDir(), "store.sqlite"), clock: &clock{now: noon}, log: new(buffer)}
	w.store = w.openStore()
	return w
}

// openStore opens the one database once more, as another node would.
func (w *world) openStore() *store.Store {
	w.Helper()
	s, err := sqlite.Open(w.Context(), w.path, store.Keys{bytes.Repeat([]byte{7}, store.KeySize)}, store.Options{Now: w.clock.Now})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { s.Close() })
	return s
}

// put writes notices as events do.
func (w *world) put(notices ...store.Notice) {
	w.Helper()
	err := w.store.Update(w.Context(), func(tx *store.Tx) error {
		for _, n := range notices {
			if err := tx.AddNotice(n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
}

// due is when each notice in the outbox is due, read behind the store's back.
func (w *world) due() (times []time.Time) {
	w.Helper()
	database, err := sql.Open("sqlite", "file:"+w.path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		w.Fatal(err)
	}
	defer database.Close()
	rows, err := database.QueryContext(w.Context(), `SELECT next_try_at FROM outbox ORDER BY next_try_at`)
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var at int64
		if err := rows.Scan(&at); err != nil {
			w.Fatal(err)
		}
		times = append(times, time.UnixMilli(at).UTC())
	}
	if err := rows.Err(); err != nil {
		w.Fatal(err)
	}
	return times
}

// sender makes one that uses these carriers and looks often.
func (w *world) sender(outbox Outbox, carriers map[string]carrier) *Sender {
	s := &Sender{
		outbox: outbox, channels: make(map[string]*channel), now: w.clock.Now, chance: func() float64 { return 0.5 },
		logger: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		wake:   make(chan struct{}, 1), pace: pace{look: 5 * time.Millisecond, room: 100 * time.Millisecond, stop: 100 * time.Millisecond, settle: settleWithin},
	}
	for name, c := range carriers {
		s.channels[name] = newChannel(c)
	}
	return s
}

// run runs a sender until the test ends, or stop is called, which waits for it.
func (w *world) run(s *Sender) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Run(ctx)
	}()
	stop = func() {
		cancel()
		<-ended
	}
	w.Cleanup(stop)
	return stop
}

// eventually polls until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("in a minute it didn't come true: %s", what)
}

// carry is a carrier of one function.
type carry func(ctx context.Context, n store.Notice) error

func (c carry) deliver(ctx context.Context, n store.Notice) error { return c(ctx, n) }
