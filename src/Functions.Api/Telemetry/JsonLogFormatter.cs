using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace VisionPlatform.Api.Telemetry;

/// <summary>
/// Writes a log entry as one line of JSON: <c>time</c>, <c>level</c> (debug, info, warn, error or fatal), <c>message</c>, <c>category</c>, <c>event</c>,
/// <c>traceId</c>, <c>spanId</c>, <c>exception</c> and <c>values</c>, which are the parts of the message by name. Personal data is hidden.
/// </summary>
public sealed class JsonLogFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "json-lines";

    // Lines are read by programs and in terminals, never by a browser.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var line = new Utf8JsonWriter(buffer, Options))
        {
            line.WriteStartObject();
            line.WriteString("time", time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture));
            line.WriteString("level", LevelOf(logEntry.LogLevel));
            line.WriteString("message", PersonalData.Hide(logEntry.Formatter(logEntry.State, logEntry.Exception)));
            line.WriteString("category", logEntry.Category);
            if (logEntry.EventId.Id != 0)
                line.WriteNumber("event", logEntry.EventId.Id);
            if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } span)
            {
                line.WriteString("traceId", span.TraceId.ToHexString());
                line.WriteString("spanId", span.SpanId.ToHexString());
            }
            if (logEntry.Exception is { } exception)
                line.WriteString("exception", PersonalData.Hide(exception.ToString()));
            if (logEntry.State is IReadOnlyList<KeyValuePair<string, object?>> values && values.Any(value => value.Key != "{OriginalFormat}"))
                WriteValues(line, values);
            line.WriteEndObject();
        }
        textWriter.Write(Encoding.UTF8.GetString(buffer.WrittenSpan));
        textWriter.Write('\n');
    }

    private static void WriteValues(Utf8JsonWriter line, IReadOnlyList<KeyValuePair<string, object?>> values)
    {
        line.WriteStartObject("values");
        foreach (var (name, value) in values.DistinctBy(value => value.Key))
        {
            switch (value)
            {
                case var _ when name == "{OriginalFormat}":
                    break;
                case int or long or short or byte:
                    line.WriteNumber(name, Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture));
                    break;
                case double number when double.IsFinite(number):
                    line.WriteNumber(name, number);
                    break;
                case bool flag:
                    line.WriteBoolean(name, flag);
                    break;
                case null:
                    line.WriteNull(name);
                    break;
                default:
                    line.WriteString(name, PersonalData.Hide(Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture) ?? ""));
                    break;
            }
        }
        line.WriteEndObject();
    }

    private static string LevelOf(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "error",
        _ => "fatal",
    };
}
