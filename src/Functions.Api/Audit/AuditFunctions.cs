using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Audit;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Audit;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Audit;

/// <summary>Filters of the audit log.</summary>
[Query<DateTimeOffset>("from", "Only entries at or after this time.", Example = "2026-01-01T00:00:00Z")]
[Query<DateTimeOffset>("to", "Only entries before this time.", Example = "2027-01-01T00:00:00Z")]
[Query<Guid>("actorId", "Only actions of the account with this id.", Example = Examples.User)]
[Query<string>("actor", "Only actions of the account with this e-mail address.", Example = "ann@example.com")]
[Query<string>("action", "Only entries with this action, for example `user.update_role`.", Example = "user.update_role")]
[Query<string>("subjectType", "Only entries about this kind of resource, for example `project`.", Example = "user")]
[Query<string>("subjectId", "Only entries about the resource with this id.", Example = Examples.User)]
[Query<AuditResult>("result", "Only entries with this result.", Example = "success")]
[Query<string>("address", "Only requests from this IP address.", Example = "203.0.113.7")]
internal static class AuditFilter;

/// <summary>Reading the audit log, for administrators.</summary>
public sealed class AuditFunctions(UserDatabase database, AuditLog audit, TimeProvider time)
{
    [Function("ListAuditEntries"), RequiresPermission(Permission.AuditRead)]
    [Operation("Search the audit log", Tag = "Audit", Queries = typeof(AuditFilter), Returns = typeof(Page<AuditAnswer>),
        Description = "Newest entries first.")]
    public async Task<IResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/admin/audit")] HttpRequest request, CancellationToken cancellation) =>
        Answer.Ok(await Matching(request).NewestFirstAsync(request, AuditAnswer.Of, cancellation));

    [Function("ExportAuditEntries"), RequiresPermission(Permission.AuditRead)]
    [Operation("Export the audit log", Tag = "Audit",
        Queries = typeof(AuditFilter), Returns = typeof(string), ReturnsType = "text/csv", TextTypes = ["application/jsonl"],
        Description = "All matching entries as a file, oldest first. The format is CSV by default.")]
    [Query<AuditFormat>("format", "File format; `csv` by default.", Example = "csv")]
    public async Task<IResult> Export(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/admin/audit/export")] HttpRequest request, CancellationToken cancellation)
    {
        var format = request.QueryOneOf<AuditFormat>("format") ?? AuditFormat.Csv;
        var entries = Matching(request).OrderBy(entry => entry.Id);
        // The export itself is logged before the first byte leaves.
        await audit.AppendAsync(new AuditEvent("audit.export") { Details = new Dictionary<string, object?> { ["query"] = request.QueryString.ToString() } }, cancellation);
        var response = request.HttpContext.Response;
        response.ContentType = format == AuditFormat.Csv ? "text/csv; charset=utf-8" : "application/jsonl; charset=utf-8";
        response.Headers.ContentDisposition = $"attachment; filename=\"audit-{time.GetUtcNow():yyyyMMdd'T'HHmmss'Z'}.{(format == AuditFormat.Csv ? "csv" : "jsonl")}\"";
        await AuditFile.WriteAsync(response.BodyWriter, format, entries.AsAsyncEnumerable(), cancellation);
        return TypedResults.Empty;
    }

    private IQueryable<AuditEntry> Matching(HttpRequest request)
    {
        var entries = database.AuditEntries.AsNoTracking();
        if (request.QueryTime("from") is { } from)
        {
            var first = AuditTimes.FirstIdAt(from);
            entries = entries.Where(entry => entry.Id >= first);
        }
        if (request.QueryTime("to") is { } to)
        {
            var end = AuditTimes.FirstIdAt(to);
            entries = entries.Where(entry => entry.Id < end);
        }
        if (request.QueryId("actorId") is { } actor)
            entries = entries.Where(entry => entry.ActorId == actor);
        if (request.QueryText("actor")?.ToLowerInvariant() is { } name)
            entries = entries.Where(entry => entry.ActorName!.ToLower() == name);
        if (request.QueryText("action") is { } action)
            entries = entries.Where(entry => entry.Action == action);
        if (request.QueryText("subjectType") is { } type)
            entries = entries.Where(entry => entry.SubjectType == type);
        if (request.QueryText("subjectId") is { } subject)
            entries = entries.Where(entry => entry.SubjectId == subject);
        if (request.QueryOneOf<AuditResult>("result") is { } result)
            entries = entries.Where(entry => entry.Result == result);
        if (request.QueryText("address") is { } address)
            entries = entries.Where(entry => entry.Address == address);
        return entries;
    }
}
