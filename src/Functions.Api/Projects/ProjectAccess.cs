using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Projects;

/// <summary>
/// The one place that decides who may do what in a project. The owner is in the project's row, other roles are in the
/// user database, a system admin counts as owner everywhere. What somebody may not see does not exist for them.
/// </summary>
public sealed class ProjectAccess(PlatformDatabase platform, UserDatabase users)
{
    // Asked by nearly every request: compiled once, where Entity Framework would look each of them up anew.
    private static readonly Func<PlatformDatabase, Guid, CancellationToken, Task<Project?>> ProjectById = EF.CompileAsyncQuery(
        (PlatformDatabase database, Guid id, CancellationToken _) => database.Projects.AsNoTracking().FirstOrDefault(project => project.Id == id && project.DeletedAt == null));

    /// <summary>The project, if the caller holds the permission in it. One query for its owner and for an admin, two for a member.</summary>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.NotFound"/> when it does not exist, is deleted or is not the caller's to see;
    /// <see cref="ErrorCodes.Forbidden"/>, naming the permission, when it is seen but that may not be done.
    /// </exception>
    public async Task<Project> RequireAsync(CurrentUser user, Guid projectId, Permission permission, CancellationToken cancellation)
    {
        if (await FindAsync(user, projectId, cancellation) is not { } found)
            throw new ProblemException(ErrorCodes.NotFound, "There is no such project, or you are not a member of it.");
        if (!AccessPolicy.Allows(user.Role, found.Role, permission))
            throw Refused(user, $"Your role in this project, {AccessPolicy.NameOf(found.Role)},", permission);
        Authentication.RequireScope(user, permission);
        return found.Project;
    }

    /// <summary>
    /// Asks for a permission in a dataset: members of its project hold what their role there gives, and those with whom
    /// it alone is shared what their role in it gives.
    /// </summary>
    /// <param name="user">Who is calling.</param>
    /// <param name="dataset">The dataset; null when there is no such one.</param>
    /// <param name="project">Its project; null when that is deleted, and everything in it with it.</param>
    /// <param name="permission">What is needed.</param>
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
            _ => new ProblemException(ErrorCodes.NotFound, "There is no such dataset, or you are not a member of its project."),
        };
    }

    /// <summary>
    /// Like <see cref="RequireAsync"/> for something inside a project, when its id is what the caller gave: whoever may
    /// not see the project is told that this something does not exist.
    /// </summary>
    /// <param name="user">Who is calling.</param>
    /// <param name="projectId">The project the thing belongs to; null when there is no such thing.</param>
    /// <param name="permission">What is needed.</param>
    /// <param name="what">What it is called in the answer, e.g. <c>dataset</c>.</param>
    /// <param name="cancellation">The request's token.</param>
    /// <exception cref="ProblemException">As for <see cref="RequireAsync"/>.</exception>
    public async Task<Project> RequireForAsync(CurrentUser user, Guid? projectId, Permission permission, string what, CancellationToken cancellation)
    {
        try
        {
            return await RequireAsync(user, projectId ?? Guid.Empty, permission, cancellation);
        }
        catch (ProblemException hidden) when (hidden.Error == ErrorCodes.NotFound)
        {
            throw new ProblemException(ErrorCodes.NotFound, $"There is no such {what}, or you are not a member of its project.");
        }
    }

    /// <summary>The projects that the caller may see, to filter lists with.</summary>
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
