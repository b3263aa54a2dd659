using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Api.Projects;
using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Api.Accounts;

/// <summary>What the caller may do, so that a page shows only actions that will not be refused.</summary>
public sealed class OwnPermissionFunctions(ProjectAccess access)
{
    [Function("GetOwnPermissions"), RequiresPermission(Permission.AccountSelf)]
    [Operation("Get the caller's permissions", Tag = "Auth", Returns = typeof(OwnPermissionsAnswer),
        Description = "Names of the permissions that the caller holds on the platform, and in a project or a shared dataset if one is given. In a project or dataset that the caller may not see, nobody learns more than from one that does not exist.")]
    [Query<Guid>("projectId", "Project in which the permissions are asked for.", Example = Examples.Project)]
    [Query<Guid>("datasetId", "Dataset that may be shared with the caller.", Example = Examples.Dataset)]
    public async Task<IResult> OwnPermissions(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/auth/permissions")] HttpRequest request, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var inProject = request.QueryId("projectId") is { } project ? await access.FindRoleAsync(user, project, cancellation) : null;
        var shared = request.QueryId("datasetId") is { } dataset ? await access.FindSharedRoleAsync(user, dataset, cancellation) : null;
        var held = Enum.GetValues<Permission>().Where(permission =>
            (user.Scopes?.Allows(permission) ?? true) &&
            (AccessPolicy.IsProjectScoped(permission)
                ? (inProject is { } here && AccessPolicy.Allows(user.Role, here, permission)) || (shared is { } given && AccessPolicy.Allows(user.Role, given, permission))
                : AccessPolicy.Allows(user.Role, permission)));
        return Answer.Ok(new OwnPermissionsAnswer(user.Role, inProject, shared, [.. held.Select(AccessPolicy.NameOf).Order(StringComparer.Ordinal)]));
    }
}
