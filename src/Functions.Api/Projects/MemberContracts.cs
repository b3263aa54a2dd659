using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Api.Projects;

/// <summary>Somebody who works in a project.</summary>
/// <param name="UserId">The account.</param>
/// <param name="Email">Its e-mail address.</param>
/// <param name="FullName">Its name.</param>
/// <param name="Role">What the person may do in the project.</param>
/// <param name="JoinedAt">Since when; for the owner, since the project was made.</param>
public sealed record MemberAnswer(Guid UserId, string Email, string? FullName, ProjectRole Role, DateTimeOffset JoinedAt);

/// <summary>Somebody to bring into a project.</summary>
/// <param name="UserId">A person of one's own organization; others are invited by mail.</param>
/// <param name="Role">viewer, member or admin.</param>
public sealed record NewMember(Guid UserId, ProjectRole Role);

/// <summary>The role a member is to have.</summary>
/// <param name="Role">viewer, member or admin.</param>
public sealed record MemberRole(ProjectRole Role);

/// <summary>Who is to own a project.</summary>
/// <param name="UserId">A member of the project.</param>
public sealed record NewOwner(Guid UserId);
