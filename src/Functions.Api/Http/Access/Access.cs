using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Api.Http.Access;

/// <summary>What a function asks of its caller. Every HTTP function carries exactly one; without it the function refuses all.</summary>
[AttributeUsage(AttributeTargets.Method)]
public abstract class AccessAttribute : Attribute;

/// <summary>
/// A signed-in person whose system role holds the permission. For a permission inside a project the function also
/// asks <c>ProjectAccess.RequireAsync</c> once it knows which project.
/// </summary>
public sealed class RequiresPermissionAttribute(Permission permission) : AccessAttribute
{
    public Permission Permission { get; } = permission;

    /// <summary>The function is about no project or organization in particular; it gives what the caller may see.</summary>
    public bool Anywhere { get; set; }
}

/// <summary>Anybody, or a function that checks its caller itself: say which in <see cref="Because"/>.</summary>
public sealed class AllowAnonymousAccessAttribute(string? because = null) : AccessAttribute
{
    public string? Because { get; } = because;
}

/// <summary>
/// The trainer that works on the attempt named by the route value <c>attemptId</c>, with that attempt's token. The
/// token's signature, age and attempt are checked before the function runs; whether the attempt still goes on is the function's to see.
/// </summary>
public sealed class TrainerAccessAttribute : AccessAttribute
{
    /// <summary>The route value that names the attempt.</summary>
    public const string RouteValue = "attemptId";
}
