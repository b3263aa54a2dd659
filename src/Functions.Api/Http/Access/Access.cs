using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Api.Http.Access;

/// <summary>Declares who may call a function. Every HTTP function has exactly one; a function without it refuses every caller.</summary>
[AttributeUsage(AttributeTargets.Method)]
public abstract class AccessAttribute : Attribute;

/// <summary>
/// Requires a signed-in person whose system role holds the permission. For a permission inside a project the function must also
/// call <c>ProjectAccess.RequireAsync</c> with the project.
/// </summary>
public sealed class RequiresPermissionAttribute(Permission permission) : AccessAttribute
{
    public Permission Permission { get; } = permission;

    /// <summary>The function is not about a particular project or organization and returns what the caller may see.</summary>
    public bool Anywhere { get; set; }

    /// <summary>METRICS_TOKEN opens the function too, without an account.</summary>
    public bool OrMetricsToken { get; set; }
}

/// <summary>Allows every caller, or leaves the check to the function: <see cref="Because"/> says which.</summary>
public sealed class AllowAnonymousAccessAttribute(string? because = null) : AccessAttribute
{
    public string? Because { get; } = because;
}

/// <summary>
/// Requires the token of the attempt in the route value <c>attemptId</c>, which its trainer has. The
/// token's signature, age and attempt are checked before the function runs; the function checks whether the attempt is still active.
/// </summary>
public sealed class TrainerAccessAttribute : AccessAttribute
{
    /// <summary>Name of the route value with the attempt's id.</summary>
    public const string RouteValue = "attemptId";
}
