using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Api.Permissions;

/// <summary>
/// Writes <c>docs/permissions.md</c>, which says who may call what, from the declarations of the functions and <see cref="AccessPolicy"/>.
/// A test compares the running app with every cell.
/// </summary>
public static partial class PermissionMatrix
{
    /// <summary>Cell of an allowed call.</summary>
    public const string Yes = "yes";

    /// <summary>Every HTTP function of the API except the one for unknown addresses, in the order of the document.</summary>
    public static IReadOnlyList<(string Method, FunctionDeclaration Function)> Endpoints { get; } =
    [
        .. FunctionDeclaration.AllHttpFunctionsIn(typeof(PermissionMatrix).Assembly)
            .Where(function => !function.Route.Contains("{*", StringComparison.Ordinal))
            .SelectMany(function => function.Methods.Select(method => (method, function)))
            .OrderBy(endpoint => Path(endpoint.function), StringComparer.Ordinal).ThenBy(endpoint => endpoint.method, StringComparer.Ordinal),
    ];

    /// <summary>Name of an endpoint in the matrix: <c>GET /api/v1/projects/{id}</c>.</summary>
    public static string NameOf(string method, FunctionDeclaration function) => $"{method} {Path(function)}";

    /// <summary>The cell of an endpoint and a caller: <see cref="Yes"/> or a status.</summary>
    public static string Cell(FunctionDeclaration function, AccessActor actor) => function.Access switch
    {
        AllowAnonymousAccessAttribute => Yes,
        TrainerAccessAttribute => actor.Name == "trainer" ? Yes : "401",
        RequiresPermissionAttribute needs => AccessPolicy.Decide(actor, needs.Permission, needs.Anywhere) switch
        {
            AccessDecision.Allowed => Yes,
            AccessDecision.Unauthenticated => "401",
            AccessDecision.Forbidden => "403",
            _ => "404",
        },
        _ => throw new InvalidOperationException($"{function.Name} does not say who may call it."),
    };

    /// <summary>The whole document.</summary>
    public static string Markdown()
    {
        var text = new StringBuilder("""
            # Permissions

            Written by `./platform permissions` from `AccessPolicy` (`src/Domain/Accounts`) and the declarations of the functions. A test calls every endpoint as every caller of this matrix.

            A person has one **system role** (`guest`, `standard_engineer`, `advanced_engineer`, `manager`, `admin`) and in each project they work in a **project role** (`viewer`, `member`, `admin`, `owner`). A permission inside a project needs both. A dataset can also be shared with people outside its project, with a **dataset role** (`viewer`, `annotator`, `reviewer`, `admin`). A system admin acts as owner of every project. A call for a resource that the caller may not see answers 404. A call that the caller may not make on a visible resource answers 403 with the missing `permission`.

            Rules beyond the table: starting, cancelling, restarting and prioritizing jobs of others needs `training:manage`. A manager can see and change only accounts below managers, and only of the own organization if the manager belongs to one. Nobody can grant a role that they cannot administer. The last active administrator cannot be removed. Tokens are limited to their scopes and never have the permissions marked *session*.

            ## Permissions


            """);
        text.Append("| permission | system role, at least | project role, at least | dataset role, at least | |\n|---|---|---|---|---|\n");
        foreach (var permission in Enum.GetValues<Permission>().OrderBy(AccessPolicy.NameOf, StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $"| `{AccessPolicy.NameOf(permission)}` | {AccessPolicy.NameOf(AccessPolicy.LeastSystemRole(permission))} | {AccessPolicy.LeastProjectRole(permission)?.AsText()} | {AccessPolicy.LeastDatasetRole(permission)?.AsText()} | {NoteOf(permission)} |\n");
        text.Append("\n## Limits of an account\n\n| role | projects | datasets | jobs at a time | exports at a time | images, GB | training hours a month |\n|---|---|---|---|---|---|---|\n");
        foreach (var role in Enum.GetValues<SystemRole>())
        {
            var quota = AccountQuota.For(role);
            text.Append(CultureInfo.InvariantCulture, $"| {role.AsText()} | {Limit(quota.Projects)} | {Limit(quota.Datasets)} | {Limit(quota.ConcurrentJobs)} | {Limit(quota.ConcurrentExports)} | {Limit(quota.StorageGb)} | {Limit(quota.GpuHoursPerMonth)} |\n");
        }
        text.Append("\nAn organization has further limits: people, images, training hours and jobs of all its people together.\n\n## Endpoints\n\nThe callers with the five system roles own the project and belong to the organization of the call. The callers with the four project roles are standard engineers. *other tenant* is neither in the project nor in the organization. *token to read* is a personal token of the project's owner with the scope `read`. *trainer* has the token of the attempt.\n\n");
        text.Append(CultureInfo.InvariantCulture, $"| endpoint | needs | {string.Join(" | ", AccessActor.All.Select(actor => actor.Name))} |\n|---|---|{string.Concat(AccessActor.All.Select(_ => "---|"))}\n");
        foreach (var (method, function) in Endpoints)
            text.Append(CultureInfo.InvariantCulture, $"| {NameOf(method, function)} | {NeedOf(function)} | {string.Join(" | ", AccessActor.All.Select(actor => Cell(function, actor)))} |\n");
        return text.ToString();
    }

    private static string NoteOf(Permission permission) =>
        AccessPolicy.IsOrganizationScoped(permission) ? "in the own organization" : AccessPolicy.NeedsSession(permission) ? "*session*" : "";

    private static string NeedOf(FunctionDeclaration function) => function.Access switch
    {
        RequiresPermissionAttribute needs => $"`{AccessPolicy.NameOf(needs.Permission)}`",
        TrainerAccessAttribute => "the attempt's token",
        AllowAnonymousAccessAttribute open => open.Because ?? "nothing",
        _ => "",
    };

    private static string Limit(int? limit) => limit?.ToString(CultureInfo.InvariantCulture) ?? "–";

    private static string Path(FunctionDeclaration function) => "/" + Constraint().Replace(function.Route, "}");

    [GeneratedRegex(@":[a-z]+(\([^)]*\))?\}")]
    private static partial Regex Constraint();
}
