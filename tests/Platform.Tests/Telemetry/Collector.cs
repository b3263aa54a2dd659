using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using Google.Protobuf;
using VisionPlatform.Tests;

namespace VisionPlatform.Platform.Tests.Telemetry;

/// <summary>A span that an app has sent.</summary>
public sealed record ReceivedSpan(string TraceId, string SpanId, string ParentId, string Name, IReadOnlyDictionary<string, string> Attributes);

/// <summary>A log entry that an app has sent.</summary>
public sealed record ReceivedLog(string TraceId, string Severity, string Message, IReadOnlyDictionary<string, string> Attributes);

/// <summary>
/// Takes what apps send by the OpenTelemetry protocol over HTTP (https://opentelemetry.io/docs/specs/otlp/) and what they report to Sentry, on a loopback
/// address.
/// </summary>
public sealed class Collector : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly int _port = LoopbackPort.Free();
    private readonly ConcurrentQueue<ReceivedSpan> _spans = [];
    private readonly ConcurrentQueue<ReceivedLog> _logs = [];
    private readonly ConcurrentQueue<string> _failures = [];
    private int _metrics;

    public Collector()
    {
        _listener.Prefixes.Add($"http://127.0.0.1:{_port}/");
        _listener.Start();
        _ = ServeAsync();
    }

    public string Endpoint => $"http://127.0.0.1:{_port}";

    /// <summary>The address of a Sentry project here.</summary>
    public string SentryDsn => $"http://public@127.0.0.1:{_port}/1";

    public IReadOnlyCollection<ReceivedSpan> Spans => _spans;

    public IReadOnlyCollection<ReceivedLog> Logs => _logs;

    /// <summary>Envelopes for Sentry, as text.</summary>
    public IReadOnlyCollection<string> Failures => _failures;

    /// <summary>How many times metrics came.</summary>
    public int Metrics => _metrics;

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
                _ = AnswerAsync(await _listener.GetContextAsync());
        }
        catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
        {
        }
    }

    private async Task AnswerAsync(HttpListenerContext call)
    {
        using var body = new MemoryStream();
        var sent = call.Request.Headers["Content-Encoding"] == "gzip" ? new GZipStream(call.Request.InputStream, CompressionMode.Decompress) : call.Request.InputStream;
        await sent.CopyToAsync(body);
        switch (call.Request.Url!.AbsolutePath)
        {
            case "/v1/traces":
                foreach (var span in SpansOf(body.ToArray()))
                    _spans.Enqueue(span);
                break;
            case "/v1/logs":
                foreach (var entry in LogsOf(body.ToArray()))
                    _logs.Enqueue(entry);
                break;
            case "/v1/metrics":
                Interlocked.Increment(ref _metrics);
                break;
            case "/api/1/envelope/":
                _failures.Enqueue(System.Text.Encoding.UTF8.GetString(body.ToArray()));
                break;
        }
        call.Response.Close();
    }

    // ExportTraceServiceRequest { 1: ResourceSpans { 2: ScopeSpans { 2: Span } } }
    private static IEnumerable<ReceivedSpan> SpansOf(byte[] request) =>
        from resource in Fields(request, 1)
        from scope in Fields(resource, 2)
        from span in Fields(scope, 2)
        select new ReceivedSpan(
            Hex(Fields(span, 1)), Hex(Fields(span, 2)), Hex(Fields(span, 4)), Text(Fields(span, 5)),
            AttributesOf(Fields(span, 9)));

    // ExportLogsServiceRequest { 1: ResourceLogs { 2: ScopeLogs { 2: LogRecord } } }
    private static IEnumerable<ReceivedLog> LogsOf(byte[] request) =>
        from resource in Fields(request, 1)
        from scope in Fields(resource, 2)
        from entry in Fields(scope, 2)
        select new ReceivedLog(Hex(Fields(entry, 9)), Text(Fields(entry, 3)), ValueOf(Fields(entry, 5).Single()), AttributesOf(Fields(entry, 6)));

    private static Dictionary<string, string> AttributesOf(IEnumerable<byte[]> attributes) =>
        attributes.ToDictionary(attribute => Text(Fields(attribute, 1)), attribute => ValueOf(Fields(attribute, 2).Single()), StringComparer.Ordinal);

    // AnyValue { 1: string, 3: int }; others are left out.
    private static string ValueOf(byte[] value)
    {
        var input = new CodedInputStream(value);
        return input.ReadTag() switch { 10 => input.ReadString(), 24 => input.ReadInt64().ToString(CultureInfo.InvariantCulture), _ => "" };
    }

    private static string Hex(IEnumerable<byte[]> field) => Convert.ToHexStringLower(field.SingleOrDefault() ?? []);

    private static string Text(IEnumerable<byte[]> field) => System.Text.Encoding.UTF8.GetString(field.SingleOrDefault() ?? []);

    /// <summary>The values of a field whose type has a length.</summary>
    private static List<byte[]> Fields(byte[] message, int number)
    {
        var values = new List<byte[]>();
        var input = new CodedInputStream(message);
        while (input.ReadTag() is > 0 and var tag)
        {
            if (tag == WireFormat.MakeTag(number, WireFormat.WireType.LengthDelimited))
                values.Add(input.ReadBytes().ToByteArray());
            else
                input.SkipLastField();
        }
        return values;
    }
}
