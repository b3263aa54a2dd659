using System.Text.Json;
using VisionPlatform.Domain.Audit;

namespace VisionPlatform.Api.Audit;

/// <summary>One entry of the audit log.</summary>
/// <param name="Id">Of the entry; rises with time.</param>
/// <param name="Time">When.</param>
/// <param name="ActorKind">What acted.</param>
/// <param name="ActorId">Whose account.</param>
/// <param name="ActorName">Its e-mail at that time, or what a stranger gave as theirs.</param>
/// <param name="Action">Thing and verb, e.g. <c>user.update_role</c>.</param>
/// <param name="SubjectType">On what kind of thing.</param>
/// <param name="SubjectId">Which one.</param>
/// <param name="SubjectName">What it was called then.</param>
/// <param name="Result">How it ended.</param>
/// <param name="Code">The code of the problem, when it did not succeed.</param>
/// <param name="Address">Where the request came from.</param>
/// <param name="UserAgent">As the caller named its program.</param>
/// <param name="TraceId">Finds the request in logs and traces.</param>
/// <param name="Details">What else matters; never a secret.</param>
public sealed record AuditAnswer(
    Guid Id, DateTimeOffset Time, AuditActorKind ActorKind, Guid? ActorId, string? ActorName, string Action, string? SubjectType, string? SubjectId, string? SubjectName,
    AuditResult Result, string? Code, string? Address, string? UserAgent, string? TraceId, JsonElement? Details)
{
    public static AuditAnswer Of(AuditEntry entry) => new(
        entry.Id, entry.Time, entry.ActorKind, entry.ActorId, entry.ActorName, entry.Action, entry.SubjectType, entry.SubjectId, entry.SubjectName,
        entry.Result, entry.Code, entry.Address, entry.UserAgent, entry.TraceId, entry.Details);
}

/// <summary>How the log is exported.</summary>
public enum AuditFormat
{
    /// <summary>RFC 4180 with a header line; details as JSON.</summary>
    Csv,

    /// <summary>One JSON object a line.</summary>
    Jsonl,
}
