package main

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"vpn-otpd/enroll"
	"vpn-otpd/radiusd/clock"
	"vpn-otpd/store"
)

// countEvery is how often users are counted at most: it reads all of them.
const countEvery = time.Minute

// metricsHandler answers /metrics and /healthz. The latter asks the store, with
// a deadline below that of those who ask.
func (d *server) metricsHandler() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(&collector{server: d}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(d.logger.Handler(), slog.LevelWarn), MaxRequestsInFlight: 4,
	}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if err := d.store.Probe(ctx); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte("the store is away\n"))
			return
		}
		_, _ = w.Write([]byte("ok\n"))
	})
	return mux
}

// collector reads the counters that the parts keep, when it is asked.
type collector struct {
	server *server

	mutex   sync.Mutex
	counted time.Time
	counts  store.Counts
}

// description of a metric; the names are an interface.
func description(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("vpn_otpd_"+name, help, labels, nil)
}

var (
	descBuild      = description("build_info", "The version that runs.", "version")
	descDecisions  = description("decisions_total", "Decisions, by the client that asked, the verdict and the reason.", "client", "verdict", "reason")
	descDecide     = description("decision_seconds", "How long decisions took, first factor included.")
	descSilences   = description("no_answer_total", "Requests that got no answer, because the first factor or the store failed.")
	descLocks      = description("locks_total", "Second factors that were locked.")
	descDrifts     = description("drifting_codes_total", "Wrong codes that were right at another time: the clock of a device is off.")
	descDatagrams  = description("radius_datagrams_total", "Datagrams received.")
	descAnswers    = description("radius_answers_total", "Replies sent, by kind.", "kind")
	descDrops      = description("radius_drops_total", "Datagrams and requests without an answer, by cause.", "cause")
	descRefused    = description("radius_refused_total", "Requests that were rejected without a decision, by reason.", "reason")
	descWaiting    = description("radius_waiting_requests", "Requests that wait for a worker.")
	descRemembered = description("radius_remembered_requests", "Requests whose answer would be given again.")
	descRequests   = description("radius_client_requests_total", "Requests, by client.", "client")
	descUnsigned   = description("radius_client_unsigned_requests_total", "Requests without Message-Authenticator, by client.", "client")
	descCommit     = description("store_commit_seconds", "How long durable commits took, each for all that shared it.")
	descUpdates    = description("store_updates_total", "Updates that were committed.")
	descFailed     = description("store_failed_commits_total", "Commits that failed.")
	descUsers      = description("users", "Users that the store knows.")
	descEnrolled   = description("enrolled_users", "Users with a device.")
	descSync       = description("clock_synchronized", "1 if the clock is synchronized, 0 if not; missing where nobody knows.")
	descJumps      = description("clock_jumps_total", "Jumps of the clock by more than 2 s.")
	descOffset     = description("clock_device_offset_seconds", "By how much devices are ahead of our clock, the median of accepted codes; missing where there are too few.")
	descNotices    = description("notices_total", "What became of notices to users, by channel.", "channel", "outcome")
	descPasswords  = description("password_server_questions_total", "Questions to servers that check passwords, by server and how they ended.", "backend", "server", "outcome")
	descIgnored    = description("password_server_ignored_total", "Answers of servers that check passwords which couldn't be trusted or came too late.", "backend", "server")
	descServerUp   = description("password_server_up", "1 if a server that checks passwords is asked, 0 if it is passed over because it didn't answer.", "backend", "server")
	descSignIns    = description("page_signins_total", "What became of sign-ins on the page that were proven elsewhere.", "way", "outcome")
	descBusy       = description("password_busy_total", "Passwords that were not checked because too many were at once.")
)

// Describe is empty: which series there are depends on the configuration.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect gathers everything.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	send := func(kind prometheus.ValueType, desc *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, kind, value, labels...)
	}
	count := func(desc *prometheus.Desc, value uint64, labels ...string) {
		send(prometheus.CounterValue, desc, float64(value), labels...)
	}
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		send(prometheus.GaugeValue, desc, value, labels...)
	}
	gauge(descBuild, 1, version)
	c.collectDecisions(out, count)
	c.collectRadius(count, gauge)
	c.collectAccounting(count, gauge)
	c.collectStore(out, count, gauge)
	c.collectClock(count, gauge)
	c.collectPasswords(count, gauge)
	if c.server.provider != nil {
		for outcome, n := range c.server.provider.Counters() {
			count(descSignIns, n, string(enroll.SignInProvider), outcome)
		}
	}
	if c.server.header != nil {
		for outcome, n := range c.server.header.Counters() {
			count(descSignIns, n, string(enroll.SignInHeader), outcome)
		}
	}
	if c.server.notices != nil {
		for channel, n := range c.server.notices.Counters() {
			count(descNotices, n.Delivered, channel, "delivered")
			count(descNotices, n.Failed, channel, "failed")
			count(descNotices, n.GivenUp, channel, "given_up")
		}
	}
}

type (
	countFunc func(desc *prometheus.Desc, value uint64, labels ...string)
	gaugeFunc func(desc *prometheus.Desc, value float64, labels ...string)
)

func (c *collector) collectDecisions(out chan<- prometheus.Metric, count countFunc) {
	m := c.server.gate.Metrics()
	for kind, n := range m.Decisions {
		count(descDecisions, n, kind.Client, string(kind.Verdict), string(kind.Reason))
	}
	out <- histogram(descDecide, m.Took)
	count(descSilences, m.Silences)
	count(descLocks, m.Locks)
	count(descDrifts, m.Drifts)
}

func (c *collector) collectPasswords(count countFunc, gauge gaugeFunc) {
	count(descBusy, c.server.local.Counters().Busy)
	for _, s := range c.server.passwordServers() {
		for outcome, n := range s.Outcomes {
			count(descPasswords, n, s.Backend, s.Address, outcome)
		}
		count(descIgnored, s.Ignored, s.Backend, s.Address)
		up := 0.0
		if s.Up {
			up = 1
		}
		gauge(descServerUp, up, s.Backend, s.Address)
	}
}

func (c *collector) collectRadius(count countFunc, gauge gaugeFunc) {
	s := c.server.radius.Snapshot()
	count(descDatagrams, s.Received)
	for kind, n := range s.Answered {
		count(descAnswers, n, kind)
	}
	for cause, n := range s.Dropped {
		count(descDrops, n, cause)
	}
	for reason, n := range s.Refused {
		count(descRefused, n, reason)
	}
	for _, client := range s.Clients {
		count(descRequests, client.Requests, client.Name)
		count(descUnsigned, client.WithoutMessageAuthenticator, client.Name)
	}
	gauge(descWaiting, float64(s.Waiting))
	gauge(descRemembered, float64(s.Remembered))
}

func (c *collector) collectStore(out chan<- prometheus.Metric, count countFunc, gauge gaugeFunc) {
	m := c.server.store.Metrics()
	out <- histogram(descCommit, m.Commits)
	count(descUpdates, m.Updates)
	count(descFailed, m.Failed)
	if counts, ok := c.countUsers(); ok {
		gauge(descUsers, float64(counts.Users))
		gauge(descEnrolled, float64(counts.Enrolled))
	}
}

func (c *collector) collectClock(count countFunc, gauge gaugeFunc) {
	s := c.server.clock.State()
	switch s.Sync {
	case clock.Synchronized:
		gauge(descSync, 1)
	case clock.Unsynchronized:
		gauge(descSync, 0)
	}
	count(descJumps, s.Jumps)
	if s.MedianOffset != 0 {
		gauge(descOffset, s.MedianOffset.Seconds())
	}
}

// countUsers counts them, at most once a minute.
func (c *collector) countUsers() (store.Counts, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if time.Since(c.counted) < countEvery {
		return c.counts, true
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	counts, err := c.server.store.Count(ctx)
	if err != nil {
		return store.Counts{}, false
	}
	c.counts, c.counted = counts, time.Now()
	return counts, true
}

func histogram(desc *prometheus.Desc, s store.DurationSnapshot) prometheus.Metric {
	return prometheus.MustNewConstHistogram(desc, s.Count, s.Sum.Seconds(), s.UpTo)
}
