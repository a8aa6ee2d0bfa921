package main

import (
	"strconv"
	"strings"
	"testing"

	"vpn-otpd/store/postgres/postgrestest"
)

// BenchmarkPostgresCost measures what a login costs the database, by its own
// statistics: statements, commits, octets written and kept, processor time. Its
// rate is lower for them. -benchtime=10000x.
func BenchmarkPostgresCost(b *testing.B) {
	database := startPostgres(b, "shared_preload_libraries=pg_stat_statements")
	location := database.Database(b)
	nodes := startNodes(b, location, 2, codeClient)
	addUsers(b, nodes[0].store, b.N)
	perUser := asked(b, database, location, "pg_total_relation_size('users') + pg_total_relation_size('devices')")
	database.SQL(b, location, "CREATE EXTENSION pg_stat_statements")
	database.SQL(b, location, "CHECKPOINT")
	before := costOf(b, database, location, nodes)
	logInOver(b, nodes)
	for unit, spent := range costOf(b, database, location, nodes) {
		b.ReportMetric((spent-before[unit])/float64(b.N), unit+"/login")
	}
	b.ReportMetric(perUser/float64(b.N), "B/user")
	b.ReportMetric(0, "ns/op")
}

// costOf is what was spent so far, by units.
func costOf(b *testing.B, database *postgrestest.Server, location string, nodes []*running) map[string]float64 {
	cost := map[string]float64{
		"WAL-B":      asked(b, database, location, "pg_current_wal_lsn() - '0/0'"),
		"audit-B":    asked(b, database, location, "pg_total_relation_size('audit')"),
		"statements": asked(b, database, location, "sum(calls) FROM pg_stat_statements"),
	}
	for _, node := range nodes {
		cost["commits"] += float64(node.store.Metrics().Commits.Count)
	}
	for _, process := range strings.Fields(database.SQL(b, location, "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity")) {
		cost["database-cpu-us"] += float64(processorTimeOf(b, process).Microseconds())
	}
	return cost
}

func asked(b *testing.B, database *postgrestest.Server, location, query string) float64 {
	answer := database.SQL(b, location, "SELECT "+query)
	number, err := strconv.ParseFloat(answer, 64)
	if err != nil {
		b.Fatalf("%s: %v", query, err)
	}
	return number
}
