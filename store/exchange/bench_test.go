package exchange

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
)

// A server with 100,000 enrolled users.
func BenchmarkEduVPN(b *testing.B) {
	const users = 100_000
	folder, name := database(b, server2)
	db, err := sql.Open("sqlite", filepath.Join(folder, name))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	execute(b, db, fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO users SELECT 'user' || i || '@example.org', '2026-01-01T00:00:00+00:00', '["employee"]', i %% 50 = 0 FROM n`, users),
		`INSERT INTO otp SELECT user_id, '`+secretA+`', 'sha1', 6, 30 FROM users`,
		`INSERT INTO otp_log SELECT user_id, '123456', '2026-01-01T00:00:00+00:00' FROM users`)
	b.ReportAllocs()
	for b.Loop() {
		batch := readDatabase(b, folder, name)
		if len(batch.Accounts) != users || len(batch.Skipped) != 0 || batch.Accounts[users-1].Devices == nil {
			b.Fatalf("%d users, %d skipped", len(batch.Accounts), len(batch.Skipped))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/import")
}
