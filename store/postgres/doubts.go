package postgres

import (
	"context"
	"database/sql"
	"fmt"
)

// doubts asks what could make an accepted code count again: a disk or a failover
// that forgets the last commits.
func doubts(ctx context.Context, db *sql.DB) (doubts []string, err error) {
	var fsync string
	var standbys, synchronous, hidden int
	err = db.QueryRowContext(ctx, `SELECT current_setting('fsync'), count(pid), count(pid) FILTER (WHERE sync_state IN ('sync', 'quorum')),
		count(pid) FILTER (WHERE sync_state IS NULL) FROM pg_stat_replication`).Scan(&fsync, &standbys, &synchronous, &hidden)
	if err != nil {
		return nil, fmt.Errorf("asking the database for its standbys: %w", err)
	}
	if fsync == "off" {
		doubts = append(doubts, "fsync is off: after a power failure used codes may count again")
	}
	switch {
	case hidden > 0:
		doubts = append(doubts, fmt.Sprintf("whether the %d standbys are synchronous can't be seen: grant pg_monitor to the role of the daemon", standbys))
	case standbys > 0 && synchronous == 0:
		doubts = append(doubts, fmt.Sprintf("none of the %d standbys is synchronous: after a failover used codes may count again (synchronous_standby_names)", standbys))
	}
	return doubts, nil
}
