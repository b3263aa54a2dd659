using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Projects;

/// <summary>
/// Checks permissions in projects and datasets. The owner is in the project's row, other roles are in the
/// user database, and a system admin acts as owner everywhere. A project that the caller may not see answers like one that does not exist.
/// </summary>
public sealed class ProjectAccess(PlatformDatabase platform, UserDatabase users)
{
    // Nearly every request needs these queries. Compiled, they skip the query cache of Entity Framework.
    private static readonly Func<PlatformDatabase, Guid, CancellationToken, Task<Project?>> ProjectById = EF.CompileAsyncQuery(
        (PlatformDatabase database, Guid id, CancellationToken _) => database.Projects.AsNoTracking().FirstOrDefault(project => project.Id == id && project.DeletedAt == null));

    /// <summary>Returns the project if the caller holds the permission in it. Needs one query for the owner and a system admin, two for a member.</summary>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.NotFound"/> when it does not exist, is deleted or the caller may not see it;
    /// <see cref="ErrorCodes.Forbidden"/> with the permission when the caller may see it but does not hold the permission.
    /// </exception>
    public async Task<Project> RequireAsync(CurrentUser user, Guid projectId, Permission permission, CancellationToken cancellation)
    {
        if (await FindAsync(user, projectId, cancellation) is not { } found)
            throw ProblemException.NoSuch("project");
        if (!AccessPolicy.Allows(user.Role, found.Role, permission))
            throw Refused(user, $"Your role in this project, {AccessPolicy.NameOf(found.Role)},", permission);
        Authentication.RequireScope(user, permission);
        return found.Project;
    }

    /// <summary>Whether the caller, who may see the project, holds the permission in it.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/> as for <see cref="RequireAsync"/>.</exception>
    public async Task<bool> MayAsync(CurrentUser user, Guid projectId, Permission permission, CancellationToken cancellation)
    {
        try
        {
            await RequireAsync(user, projectId, permission, cancellation);
            return true;
        }
        catch (ProblemException refused) when (refused.Error == ErrorCodes.Forbidden)
        {
            return false;
        }
    }

    /// <summary>
    /// Requires a permission in a dataset. Members of its project hold the permissions of their project role, and people with whom
    /// the dataset is shared hold those of their dataset role.
    /// </summary>
    /// <param name="user">The caller.</param>
    /// <param name="dataset">The dataset; null when it does not exist.</param>
    /// <param name="project">Its project; null when the project is deleted, which hides the dataset too.</param>
    /// <param name="permission">The required permission.</param>
    /// <param name="cancellation">The request's token.</param>
    /// <exception cref="ProblemException">As for <see cref="RequireAsync"/>.</exception>
    public async Task RequireInDatasetAsync(CurrentUser user, Dataset? dataset, Project? project, Permission permission, CancellationToken cancellation)
    {
        var isThere = dataset is not null && project is not null;
        var inProject = isThere ? await RoleAsync(user, project!, cancellation) : null;
        var isAllowed = inProject is { } here && AccessPolicy.Allows(user.Role, here, permission);
        var shared = isThere && !isAllowed ? await SharedRoleAsync(user, dataset!, cancellation) : null;
        if (isAllowed || (shared is { } role && AccessPolicy.Allows(user.Role, role, permission)))
        {
            Authentication.RequireScope(user, permission);
            return;
        }
        throw (inProject, shared) switch
        {
            ({ } member, _) => Refused(user, $"Your role in this project, {AccessPolicy.NameOf(member)},", permission),
            (_, { } given) => Refused(user, $"Your role in this dataset, {given.AsText()},", permission),
            _ => ProblemException.NoSuch("dataset"),
        };
    }

    /// <summary>
    /// Like <see cref="RequireAsync"/> for a resource inside a project that the caller named by its id. A resource that the caller may not see
    /// answers exactly like one that does not exist, so that nobody can find out which ids exist.
    /// </summary>
    /// <param name="user">The caller.</param>
    /// <param name="projectId">The project of the resource; null when the resource does not exist.</param>
    /// <param name="permission">The required permission.</param>
    /// <param name="what">Name of the kind of resource in the answer, e.g. <c>dataset</c>.</param>
    /// <param name="cancellation">The request's token.</param>
    /// <param name="field">The field of the body that has the id; null when it is in the address.</param>
    /// <exception cref="ProblemException">As for <see cref="RequireAsync"/>.</exception>
    public async Task<Project> RequireForAsync(CurrentUser user, Guid? projectId, Permission permission, string what, CancellationToken cancellation, string? field = null)
    {
        try
        {
            return await RequireAsync(user, projectId ?? Guid.Empty, permission, cancellation);
        }
        catch (ProblemException hidden) when (hidden.Error == ErrorCodes.NotFound)
        {
            throw ProblemException.NoSuch(what, field);
        }
    }

    /// <summary>The caller's role in a project; null when the caller may not see it or it does not exist.</summary>
    public async Task<ProjectRole?> FindRoleAsync(CurrentUser user, Guid projectId, CancellationToken cancellation) =>
        (await FindAsync(user, projectId, cancellation))?.Role;

    /// <summary>The caller's role in a shared dataset; null when it is not shared with the caller, or its project is deleted.</summary>
    public async Task<DatasetRole?> FindSharedRoleAsync(CurrentUser user, Guid datasetId, CancellationToken cancellation)
    {
        var dataset = await platform.Datasets.AsNoTracking().FirstOrDefaultAsync(
            dataset => dataset.Id == datasetId && dataset.DeletedAt == null && platform.Projects.Any(project => project.Id == dataset.ProjectId && project.DeletedAt == null), cancellation);
        return dataset is null ? null : await SharedRoleAsync(user, dataset, cancellation);
    }

    /// <summary>The projects that the caller may see.</summary>
    public async Task<IQueryable<Project>> VisibleAsync(CurrentUser user, CancellationToken cancellation)
    {
        var projects = platform.Projects.AsNoTracking().Where(p => p.DeletedAt == null);
        if (user.Role == SystemRole.Admin)
            return projects;
        var joined = await users.ProjectMembers.Where(member => member.UserId == user.Id).Select(member => member.ProjectId).ToListAsync(cancellation);
        return projects.Where(p => p.OwnerId == user.Id || joined.Contains(p.Id));
    }

    private static ProblemException Refused(CurrentUser user, string roleHere, Permission permission) =>
        Refusal.Of(AccessPolicy.Allows(user.Role, permission) ? roleHere : $"The role {AccessPolicy.NameOf(user.Role)}", permission);

    private async Task<(Project Project, ProjectRole Role)?> FindAsync(CurrentUser user, Guid projectId, CancellationToken cancellation)
    {
        var project = await ProjectById(platform, projectId, cancellation);
        return project is not null && await RoleAsync(user, project, cancellation) is { } role ? (project, role) : null;
    }

    private async Task<DatasetRole?> SharedRoleAsync(CurrentUser user, Dataset dataset, CancellationToken cancellation) =>
        (await users.DatasetMembers.AsNoTracking().FirstOrDefaultAsync(m => m.DatasetId == dataset.Id && m.UserId == user.Id, cancellation))?.Role;

    private async Task<ProjectRole?> RoleAsync(CurrentUser user, Project project, CancellationToken cancellation)
    {
        if (project.OwnerId == user.Id || user.Role == SystemRole.Admin)
            return ProjectRole.Owner;
        var member = await users.ProjectMembers.AsNoTracking().FirstOrDefaultAsync(m => m.ProjectId == project.Id && m.UserId == user.Id, cancellation);
        return AccessPolicy.EffectiveRole(user.Role, member?.Role);
    }
}
