namespace VisionPlatform.Domain.Accounts;

/// <summary>How a call ends as far as permissions go.</summary>
public enum AccessDecision
{
    Allowed,

    /// <summary>401: nobody the function knows is calling.</summary>
    Unauthenticated,

    /// <summary>403: the caller may see it and not do it, or holds the permission nowhere.</summary>
    Forbidden,

    /// <summary>404: for the caller it does not exist.</summary>
    Hidden,
}

/// <summary>Somebody as a permission sees them.</summary>
/// <param name="Name">What the matrix calls them.</param>
/// <param name="System">Their system role; null for whoever did not sign in.</param>
/// <param name="Project">Their role in the project that a call is about; null for none.</param>
/// <param name="Belongs">Whether the organization that a call is about is theirs.</param>
/// <param name="Scopes">What their token is limited to; null when it is not.</param>
public sealed record AccessActor(string Name, SystemRole? System, ProjectRole? Project = null, bool Belongs = false, TokenScopes? Scopes = null)
{
    /// <summary>
    /// The people of the matrix: one of each system role who owns the project, one of each project role who is a standard engineer,
    /// all of one organization; somebody of another; a token to read of a project's owner; and strangers.
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
