using System.Text.Json;
using VisionPlatform.Domain.Audit;

namespace VisionPlatform.Api.Audit;

/// <summary>One entry of the audit log.</summary>
/// <param name="Id">Unique id. Later entries have larger ids.</param>
/// <param name="Time">When it happened.</param>
/// <param name="ActorKind">What kind of caller acted.</param>
/// <param name="ActorId">Account that acted; null for the system and for callers who were not signed in.</param>
/// <param name="ActorName">E-mail address of the account at that time, or the address that a caller without an account gave.</param>
/// <param name="Action">What was done, as resource and verb: <c>user.update_role</c>.</param>
/// <param name="SubjectType">Kind of the resource that it was done to, for example <c>project</c>; null when there is none.</param>
/// <param name="SubjectId">Id of that resource.</param>
/// <param name="SubjectName">Name of that resource at that time.</param>
/// <param name="Result">How it ended.</param>
/// <param name="Code">Error code; null when it succeeded.</param>
/// <param name="Address">IP address of the caller; null for the system.</param>
/// <param name="UserAgent"><c>User-Agent</c> header of the caller.</param>
/// <param name="TraceId">Id that finds the request in logs and traces.</param>
/// <param name="Details">Further facts as a JSON object, depending on the action; null when there are none. Never contains secrets.</param>
public sealed record AuditAnswer(
    Guid Id, DateTimeOffset Time, AuditActorKind ActorKind, Guid? ActorId, string? ActorName, string Action, string? SubjectType, string? SubjectId, string? SubjectName,
    AuditResult Result, string? Code, string? Address, string? UserAgent, string? TraceId, JsonElement? Details)
{
    public static AuditAnswer Of(AuditEntry entry) => new(
        entry.Id, entry.Time, entry.ActorKind, entry.ActorId, entry.ActorName, entry.Action, entry.SubjectType, entry.SubjectId, entry.SubjectName,
        entry.Result, entry.Code, entry.Address, entry.UserAgent, entry.TraceId, entry.Details);
}

/// <summary>File format of an export of the audit log.</summary>
public enum AuditFormat
{
    /// <summary>Comma-separated values (RFC 4180) with a header line; details are JSON text.</summary>
    Csv,

    /// <summary>One JSON object per line.</summary>
    Jsonl,
}
