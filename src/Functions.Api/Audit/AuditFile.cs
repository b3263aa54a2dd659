using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Audit;

namespace VisionPlatform.Api.Audit;

/// <summary>Streams entries as CSV (RFC 4180) or JSON lines, so that a long log needs little memory.</summary>
internal static class AuditFile
{
    private const int FlushAt = 32 * 1024;

    private static readonly string Header = string.Join(',',
        "id", "time", "actorKind", "actorId", "actorName", "action", "subjectType", "subjectId", "subjectName", "result", "code", "address", "userAgent", "traceId", "details") + "\r\n";

    public static async Task WriteAsync(PipeWriter output, AuditFormat format, IAsyncEnumerable<AuditEntry> entries, CancellationToken cancellation)
    {
        if (format == AuditFormat.Csv)
            Encoding.UTF8.GetBytes(Header, output);
        await foreach (var entry in entries.WithCancellation(cancellation))
        {
            Encoding.UTF8.GetBytes(format == AuditFormat.Csv ? Csv(entry) : JsonSerializer.Serialize(AuditAnswer.Of(entry), ApiJson.Options) + "\n", output);
            if (output.UnflushedBytes >= FlushAt)
                await output.FlushAsync(cancellation);
        }
        await output.FlushAsync(cancellation);
    }

    private static string Csv(AuditEntry entry) => string.Join(',', new[]
    {
        entry.Id.ToString(), entry.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture), entry.ActorKind.AsText(), entry.ActorId?.ToString(),
        entry.ActorName, entry.Action, entry.SubjectType, entry.SubjectId, entry.SubjectName, entry.Result.AsText(), entry.Code, entry.Address, entry.UserAgent, entry.TraceId,
        entry.Details?.GetRawText(),
    }.Select(Field)) + "\r\n";

    // Spreadsheets run text that begins with = + - or @ as a formula, and anonymous callers choose some of these texts.
    private static string Field(string? value) => value switch
    {
        null or "" => "",
        ['=' or '+' or '-' or '@' or '\t' or '\r', ..] => Quoted("'" + value),
        _ when value.AsSpan().ContainsAny(",\"\r\n") => Quoted(value),
        _ => value,
    };

    private static string Quoted(string value) => $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
