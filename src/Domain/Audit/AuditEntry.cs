using System.Text.Json;

namespace VisionPlatform.Domain.Audit;

/// <summary>How an action ended.</summary>
public enum AuditResult
{
    /// <summary>It was done.</summary>
    Success,

    /// <summary>It was refused because a permission or a valid credential was missing.</summary>
    Denied,

    /// <summary>It was attempted and failed for another reason.</summary>
    Failed,
}

/// <summary>What kind of caller acted.</summary>
public enum AuditActorKind
{
    /// <summary>A person who was signed in, or a token of this person.</summary>
    Person,

    /// <summary>A caller who was not signed in.</summary>
    Anonymous,

    /// <summary>A timer or an orchestration of the platform.</summary>
    System,
}

/// <summary>Who acted. The name is the one at that time and remains when the account is deleted.</summary>
/// <param name="Kind">What kind of caller acted.</param>
/// <param name="Id">The account; null for the system and for anonymous callers.</param>
/// <param name="Name">E-mail address of the account, or the one that an anonymous caller gave.</param>
public sealed record AuditActor(AuditActorKind Kind, Guid? Id, string? Name)
{
    public static AuditActor System { get; } = new(AuditActorKind.System, null, null);

    public static AuditActor Stranger(string? name = null) => new(AuditActorKind.Anonymous, null, name);

    public static AuditActor Person(Guid id, string email) => new(AuditActorKind.Person, id, email);
}

/// <summary>One entry of the audit log. It is never changed, and removed only after the retention time.</summary>
public sealed class AuditEntry
{
    /// <summary>UUID version 7 of <see cref="Time"/>, so that ids have the order of time.</summary>
    public Guid Id { get; init; }
    public required DateTimeOffset Time { get; init; }
    public required AuditActorKind ActorKind { get; init; }
    public Guid? ActorId { get; init; }
    public string? ActorName { get; init; }

    /// <summary>What was done, as resource and verb: <c>user.update_role</c>.</summary>
    public required string Action { get; init; }

    /// <summary>Kind of the resource it was done to, in snake_case.</summary>
    public string? SubjectType { get; init; }
    public string? SubjectId { get; init; }

    /// <summary>Name of the resource at that time.</summary>
    public string? SubjectName { get; init; }
    public required AuditResult Result { get; init; }

    /// <summary>Error code; null when it succeeded.</summary>
    public string? Code { get; init; }

    /// <summary>IP address of the caller; null for the system.</summary>
    public string? Address { get; init; }
    public string? UserAgent { get; init; }

    /// <summary>Id that finds the request in logs and traces.</summary>
    public string? TraceId { get; init; }

    /// <summary>Further facts, without secrets.</summary>
    public JsonElement? Details { get; init; }
}

/// <summary>Longest texts of the log, in characters. Longer ones are truncated.</summary>
public static class AuditLimits
{
    public const int Action = 100;
    public const int Name = 320;
    public const int UserAgent = 300;
    public const int Id = 64;
}
