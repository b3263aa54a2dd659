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
    /// <summary>A person who was signed in, or a token of theirs.</summary>
    Person,

    /// <summary>A caller who was not signed in.</summary>
    Anonymous,

    /// <summary>A timer or an orchestration of the platform.</summary>
    System,
}

/// <summary>Who acted. The name is kept as it was then, and stays when the account is deleted.</summary>
/// <param name="Kind">What acted.</param>
/// <param name="Id">The account; null for the system and for strangers.</param>
/// <param name="Name">E-mail of the account, or what a stranger gave as theirs.</param>
public sealed record AuditActor(AuditActorKind Kind, Guid? Id, string? Name)
{
    public static AuditActor System { get; } = new(AuditActorKind.System, null, null);

    public static AuditActor Stranger(string? name = null) => new(AuditActorKind.Anonymous, null, name);

    public static AuditActor Person(Guid id, string email) => new(AuditActorKind.Person, id, email);
}

/// <summary>One line of the audit log; never changed, removed only when its time of retention is over.</summary>
public sealed class AuditEntry
{
    /// <summary>Version 7, from <see cref="Time"/>: the order of ids is the order of time.</summary>
    public Guid Id { get; init; }
    public required DateTimeOffset Time { get; init; }
    public required AuditActorKind ActorKind { get; init; }
    public Guid? ActorId { get; init; }
    public string? ActorName { get; init; }

    /// <summary>What was done: thing and verb, <c>user.update_role</c>.</summary>
    public required string Action { get; init; }

    /// <summary>On what kind of thing; snake_case.</summary>
    public string? SubjectType { get; init; }
    public string? SubjectId { get; init; }

    /// <summary>What the thing was called then.</summary>
    public string? SubjectName { get; init; }
    public required AuditResult Result { get; init; }

    /// <summary>The code of the problem, when it did not succeed.</summary>
    public string? Code { get; init; }

    /// <summary>Where the request came from.</summary>
    public string? Address { get; init; }
    public string? UserAgent { get; init; }

    /// <summary>Finds the request in logs and traces.</summary>
    public string? TraceId { get; init; }

    /// <summary>What else matters, without secrets.</summary>
    public JsonElement? Details { get; init; }
}

/// <summary>Sizes of the log's texts, in characters; longer ones are cut.</summary>
public static class AuditLimits
{
    public const int Action = 100;
    public const int Name = 320;
    public const int UserAgent = 300;
    public const int Id = 64;
}
