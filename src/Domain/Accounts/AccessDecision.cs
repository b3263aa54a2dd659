namespace VisionPlatform.Domain.Accounts;

/// <summary>How permissions decide a call.</summary>
public enum AccessDecision
{
    Allowed,

    /// <summary>401: the caller is not signed in.</summary>
    Unauthenticated,

    /// <summary>403: the caller may see the resource but not do this, or holds the permission nowhere.</summary>
    Forbidden,

    /// <summary>404: the caller may not know that the resource exists.</summary>
    Hidden,
}

/// <summary>A caller in the permission matrix.</summary>
/// <param name="Name">Heading of the matrix column.</param>
/// <param name="System">System role; null for a caller who is not signed in.</param>
/// <param name="Project">Role in the project of the call; null for none.</param>
/// <param name="Belongs">Whether the caller belongs to the organization of the call.</param>
/// <param name="Scopes">Scopes of the token; null for a session.</param>
public sealed record AccessActor(string Name, SystemRole? System, ProjectRole? Project = null, bool Belongs = false, TokenScopes? Scopes = null)
{
    /// <summary>
    /// The callers of the matrix: an owner of the project for each system role and a standard engineer for each project role,
    /// all of one organization; a person of another organization; a token with the scope to read of the project's owner; and an anonymous caller.
    /// </summary>
    public static IReadOnlyList<AccessActor> All { get; } =
    [
        new("anonymous", null),
        .. Enum.GetValues<SystemRole>().Select(role => new AccessActor(role.AsText(), role, ProjectRole.Owner, Belongs: true)),
        .. Enum.GetValues<ProjectRole>().Select(role => new AccessActor($"project {role.AsText()}", SystemRole.StandardEngineer, role, Belongs: true)),
        new("other tenant", SystemRole.StandardEngineer),
        new("token to read", SystemRole.StandardEngineer, ProjectRole.Owner, Belongs: true, new TokenScopes([TokenScopes.Read])),
        new("trainer", null),
    ];
}
