package main

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// decoder fills a struct from a TOML file and goes on after a fault, so that all
// of them are found at once.
type decoder struct {
	name   string
	lines  map[string]int
	faults []Fault
}

// fault notes what is wrong with a key, at its line or that of its table.
func (d *decoder) fault(key, format string, arguments ...any) {
	d.faults = append(d.faults, d.at(key, format, arguments...))
}

func (d *decoder) at(key, format string, arguments ...any) Fault {
	line := 0
	for prefix := key; line == 0 && prefix != ""; {
		line = d.lines[prefix]
		prefix = prefix[:max(0, strings.LastIndexAny(prefix, ".["))]
	}
	return Fault{File: d.name, Line: line, Key: key, Text: fmt.Sprintf(format, arguments...)}
}

// decode reads text into target, a pointer to a struct with defaults.
func (d *decoder) decode(text string, target any) {
	var content map[string]any
	if _, err := toml.Decode(text, &content); err != nil {
		fault := Fault{File: d.name, Text: err.Error()}
		var syntax toml.ParseError
		if errors.As(err, &syntax) {
			// Some errors of the parser come without their line.
			fault.Line, fault.Key, fault.Text = max(syntax.Position.Line, 1), syntax.LastKey, "this is not TOML: "+syntax.Message
		}
		d.faults = append(d.faults, fault)
		return
	}
	d.lines = keyLines(text)
	d.table(content, reflect.ValueOf(target).Elem(), "")
}

func (d *decoder) table(content map[string]any, into reflect.Value, path string) {
	fields := make(map[string]reflect.Value)
	for i := range into.NumField() {
		fields[into.Type().Field(i).Tag.Get("toml")] = into.Field(i)
	}
	for _, key := range slices.Sorted(maps.Keys(content)) {
		full := key
		if path != "" {
			full = path + "." + key
		}
		field, known := fields[key]
		if !known {
			d.unknown(full, key, slices.Sorted(maps.Keys(fields)))
			continue
		}
		d.value(content[key], field, full)
	}
}

func (d *decoder) unknown(full, key string, known []string) {
	if meant := closest(key, known); meant != "" {
		d.fault(full, "unknown key; did you mean %s?", meant)
		return
	}
	d.fault(full, "unknown key; known here: %s", strings.Join(known, ", "))
}

// value puts one value into a field, or notes that its type is wrong.
func (d *decoder) value(value any, into reflect.Value, key string) {
	switch target := into.Addr().Interface().(type) {
	case *time.Duration:
		text, ok := value.(string)
		duration, err := parseDuration(text)
		if !ok || err != nil {
			d.fault(key, `a duration is expected, such as "90s", "15m", "24h" or "14d"`)
			return
		}
		*target = duration
		return
	case *optionalDuration:
		var duration time.Duration
		if value != "" {
			d.value(value, reflect.ValueOf(&duration).Elem(), key)
		}
		*target = optionalDuration(duration)
		return
	case *time.Time:
		*target, _ = d.moment(value, key)
		return
	case *endTime:
		moment, isDate := d.moment(value, key)
		if isDate {
			moment = moment.AddDate(0, 0, 1)
		}
		*target = endTime(moment)
		return
	case *map[string]any: // judged by who knows what its keys mean
		table, ok := value.(map[string]any)
		if !ok {
			d.fault(key, "a table is expected, such as { a = 1 }")
			return
		}
		*target = table
		return
	case *slog.Level:
		text, ok := value.(string)
		if !ok || !slices.Contains([]string{"debug", "info", "warn", "error"}, text) {
			d.fault(key, `a level is expected: "debug", "info", "warn" or "error"`)
			return
		}
		_ = target.UnmarshalText([]byte(text)) // one of the four
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		d.value(value, into.Elem(), key)
	case reflect.Struct:
		table, ok := value.(map[string]any)
		if !ok {
			d.fault(key, "a table is expected: [%s]", key)
			return
		}
		d.table(table, into, key)
	case reflect.Slice:
		d.list(value, into, key)
	case reflect.Map:
		d.texts(value, into, key)
	default:
		d.scalar(value, into, key)
	}
}

// optionalDuration is a duration, or "" for none.
type optionalDuration time.Duration

const day = 24 * time.Hour

// parseDuration reads a duration that may begin with days, such as "14d" or "1d12h".
func parseDuration(text string) (time.Duration, error) {
	days, rest, hasDays := strings.Cut(text, "d")
	if !hasDays {
		return time.ParseDuration(text)
	}
	number, err := strconv.ParseUint(days, 10, 16) // 65535 days overflow nothing
	if err != nil || rest == "" {
		return time.Duration(number) * day, err
	}
	duration, err := time.ParseDuration(rest)
	return time.Duration(number)*day + duration, err
}

// endTime is when something ends: a date lasts until its end.
type endTime time.Time

// moment reads a date and time, or the beginning of a date. Without an offset
// they are those of this machine's time zone.
func (d *decoder) moment(value any, key string) (moment time.Time, isDate bool) {
	t, ok := value.(time.Time)
	place := t.Location().String() // the TOML library names it where there is no offset
	if !ok || place == "time-local" {
		d.fault(key, "a date is expected, without quotes, such as 2027-01-31 or 2027-01-31T12:00:00+01:00")
		return time.Time{}, false
	}
	if isDate = place == "date-local"; isDate || place == "datetime-local" {
		t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.Local)
	}
	return t, isDate
}

// texts is a table with keys of the administrator's own.
func (d *decoder) texts(value any, into reflect.Value, key string) {
	table, ok := value.(map[string]any)
	if !ok {
		d.fault(key, "a table is expected: [%s]", key)
		return
	}
	texts := make(map[string]string)
	for _, name := range slices.Sorted(maps.Keys(table)) {
		text, ok := table[name].(string)
		if !ok {
			d.fault(key+"."+name, "a text in quotes is expected")
			continue
		}
		texts[name] = text
	}
	into.Set(reflect.ValueOf(texts))
}

func (d *decoder) list(value any, into reflect.Value, key string) {
	items, ok := value.([]any)
	if tables, are := value.([]map[string]any); are {
		ok = true
		for _, table := range tables {
			items = append(items, table)
		}
	}
	isTables := into.Type().Elem().Kind() == reflect.Struct
	if !ok {
		if isTables {
			d.fault(key, "a list of tables is expected: [[%s]]", key)
		} else {
			d.fault(key, `a list of texts is expected, such as ["a", "b"]`)
		}
		return
	}
	list := reflect.MakeSlice(into.Type(), len(items), len(items))
	for i, item := range items {
		d.value(item, list.Index(i), fmt.Sprintf("%s[%d]", key, i))
	}
	into.Set(list)
}

var scalarNames = map[reflect.Kind]string{reflect.String: `a text in quotes`, reflect.Bool: "true or false", reflect.Int: "a whole number"}

func (d *decoder) scalar(value any, into reflect.Value, key string) {
	if number, ok := value.(int64); ok && into.Kind() == reflect.Int {
		into.SetInt(number)
		return
	}
	if v := reflect.ValueOf(value); v.Kind() == into.Kind() && into.Kind() != reflect.Int {
		into.Set(v)
		return
	}
	d.fault(key, "%s is expected", scalarNames[into.Kind()])
}
