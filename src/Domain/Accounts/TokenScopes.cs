namespace VisionPlatform.Domain.Accounts;

/// <summary>
/// What a personal or service token may be used for: names of permissions (<c>datasets:write</c>), or <c>read</c> (all
/// permissions to read), <c>write</c> (all that need no administrator or manager) and <c>admin</c> (those that do). Scopes
/// restrict and never grant: the owner's role must allow the permission too. No scope allows changes of the account's security.
/// </summary>
public sealed class TokenScopes
{
    public const string Read = "read";
    public const string Write = "write";
    public const string Admin = "admin";

    private const string ReadSuffix = ":read";

    private readonly HashSet<string> _scopes;

    public TokenScopes(IEnumerable<string> scopes) => _scopes = [.. scopes];

    /// <summary>All scopes that a personal token can have, in the order to show them.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Read, Write, Admin,
        .. Enum.GetValues<Permission>().Where(permission => permission != Permission.AccountSelf && !AccessPolicy.NeedsSession(permission)).Select(AccessPolicy.NameOf),
    ];

    /// <summary>All scopes that a service token can have: none that only managers and administrators hold.</summary>
    public static IReadOnlyList<string> ForServices { get; } =
    [
        Read, Write,
        .. Enum.GetValues<Permission>()
            .Where(permission => permission != Permission.AccountSelf && !AccessPolicy.NeedsSession(permission) && !AccessPolicy.IsAdministrative(permission))
            .Select(AccessPolicy.NameOf),
    ];

    /// <summary>Whether these scopes allow everything that the others allow.</summary>
    public bool Covers(TokenScopes others) => Enum.GetValues<Permission>().All(permission => !others.Allows(permission) || Allows(permission));

    /// <summary>The scopes in alphabetical order.</summary>
    public IReadOnlyList<string> Names => [.. _scopes.Order(StringComparer.Ordinal)];

    public bool Allows(Permission permission)
    {
        if (AccessPolicy.NeedsSession(permission))
            return false;
        var name = AccessPolicy.NameOf(permission);
        // Every token may read the account that it belongs to; that reveals nothing new to its bearer.
        if (permission == Permission.AccountSelf || _scopes.Contains(name))
            return true;
        if (AccessPolicy.IsAdministrative(permission))
            return _scopes.Contains(Admin);
        return _scopes.Contains(Write) || (_scopes.Contains(Read) && name.EndsWith(ReadSuffix, StringComparison.Ordinal));
    }
}
