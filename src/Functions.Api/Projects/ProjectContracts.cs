using VisionPlatform.Application.Projects;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Projects;

namespace VisionPlatform.Api.Projects;

/// <summary>Name and description of a project. An update replaces both.</summary>
/// <param name="Name">Name of the project, unique among the projects of its owner regardless of case.</param>
/// <param name="Description">Free text; null for none.</param>
public sealed record ProjectRequest([property: Name(ProjectLimits.Name)] string Name, [property: Prose(ProjectLimits.Description)] string? Description);

/// <summary>A project.</summary>
/// <param name="Name">Name of the project, unique among the projects of its owner regardless of case.</param>
/// <param name="OwnerId">Account that owns the project.</param>
public sealed record ProjectAnswer(Guid Id, string Name, string? Description, Guid OwnerId, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public static ProjectAnswer Of(Project project) =>
        new(project.Id, project.Name, project.Description, project.OwnerId, project.CreatedAt, project.UpdatedAt);
}

/// <summary>A person who works in a project.</summary>
/// <param name="UserId">Id of the account.</param>
/// <param name="Role">What the person may do in the project.</param>
/// <param name="JoinedAt">When the person became a member; for the owner, when the project was created.</param>
public sealed record MemberAnswer(Guid UserId, string Email, string? FullName, ProjectRole Role, DateTimeOffset JoinedAt)
{
    public static MemberAnswer Of(ProjectPerson person) => new(person.User.Id, person.User.Email, person.User.FullName, person.Role, person.JoinedAt);
}

/// <summary>A member to add to a project.</summary>
/// <param name="UserId">Account of a person who belongs to the caller's organization. Other people are invited by e-mail.</param>
/// <param name="Role">Role of the member: <c>viewer</c>, <c>member</c> or <c>admin</c>.</param>
public sealed record NewMember(Guid UserId, ProjectRole Role);

/// <summary>Role of a member of a project.</summary>
/// <param name="Role">New role: <c>viewer</c>, <c>member</c> or <c>admin</c>.</param>
public sealed record MemberRole(ProjectRole Role);

/// <summary>New owner of a project.</summary>
/// <param name="UserId">Account that becomes the owner.</param>
public sealed record NewOwner(Guid UserId);
