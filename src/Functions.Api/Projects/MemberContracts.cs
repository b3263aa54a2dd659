using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Api.Projects;

/// <summary>A person who works in a project.</summary>
/// <param name="UserId">Id of the account.</param>
/// <param name="Role">What the person may do in the project.</param>
/// <param name="JoinedAt">When the person became a member; for the owner, when the project was created.</param>
public sealed record MemberAnswer(Guid UserId, string Email, string? FullName, ProjectRole Role, DateTimeOffset JoinedAt);

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
