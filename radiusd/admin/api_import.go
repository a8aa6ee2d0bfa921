package admin

// The routes that move users, devices and the whole store. Their bodies and
// answers may be large and may take any time, as long as something keeps coming.
//
//	POST /v1/import/FORMAT?dry_run=true    a file    200 ImportLine, one a line
//	POST /v1/export?user=NAME                        200 ExportLine, one a line
//	POST /v1/backup                                  200 the database, application/octet-stream
//
// FORMAT is one of [ImportFormats]. The body is the file as it is; but for
// "eduvpn" a tar of the database, named [DatabaseName], and its log, if there is
// one, named [DatabaseLogName]; and for "google-authenticator" a tar of folders,
// each named as its user, with a file .google_authenticator. One import and one
// backup run at a time: another is a [Problem] of kind rule.
const (
	// MaxImport bounds the body of an import, in octets.
	MaxImport = 256 << 20
	// MaxSkipped bounds the things skipped that a report names. The others are counted.
	MaxSkipped = 10_000

	DatabaseName    = "db.sqlite"
	DatabaseLogName = DatabaseName + "-wal"
)

// The formats with a way of their own to bring the body.
const (
	FormatEduVPN = "eduvpn"
	FormatGoogle = "google-authenticator"
)

// ImportFormats are the formats that users can be imported from.
func ImportFormats() []string {
	return []string{FormatEduVPN, "csv", FormatGoogle, "freeradius", "radcheck", "oath", "otpauth", "otpauth-migration"}
}

// ImportLine is one line of the answer to an import: how far it is, or, on the
// last line, either the report or why nothing was imported.
type ImportLine struct {
	ImportProgress
	Report  *ImportReport `json:"report,omitempty"`
	Problem *Problem      `json:"problem,omitempty"`
}

// ImportProgress says how far an import is.
type ImportProgress struct {
	Phase string `json:"phase,omitempty"` // one of the Phase constants
	Done  int64  `json:"done,omitempty"`
	Total int64  `json:"total,omitempty"` // 0: not known
}

// The phases of an import, in their order.
const (
	PhaseReading   = "reading"   // the source is read and checked
	PhasePasswords = "passwords" // passwords in clear are hashed, which takes its time
	PhaseAccounts  = "accounts"  // accounts are added, or looked at in a dry run
)

// ImportReport is what came of an import, or would have come of it in a dry run.
type ImportReport struct {
	DryRun    bool      `json:"dry_run"`
	Users     int       `json:"users"`     // accounts added
	Devices   int       `json:"devices"`   // devices added
	Unchanged int       `json:"unchanged"` // accounts that had everything already
	Skipped   int       `json:"skipped"`   // things that weren't taken
	Details   []Skipped `json:"details"`   // of the first MaxSkipped of them
}

// Skipped is something of the source that wasn't taken.
type Skipped struct {
	Place  string `json:"place"`          // "line 12"
	Name   string `json:"name,omitempty"` // of the user, shortened
	Reason string `json:"reason"`
}

// ExportLine is one device that leaves, or the last line of the answer.
type ExportLine struct {
	User   string `json:"user,omitempty"`
	Device string `json:"device,omitempty"` // its label
	URI    string `json:"uri,omitempty"`    // otpauth, with the secret
	Note   string `json:"note,omitempty"`   // what the URI can't say

	Done    bool     `json:"done,omitempty"` // the last line: all that was asked for was there
	Problem *Problem `json:"problem,omitempty"`
}
