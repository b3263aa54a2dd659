using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Api.Datasets;
using VisionPlatform.Api.Organizations;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Invitations;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Invitations;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Invitations;

/// <summary>Inviting people by e-mail to an organization, a project or a dataset.</summary>
public sealed class InvitationSending(PlatformDatabase platform, ProjectAccess projects, OrganizationAccess organizations, SentInvitations invitations)
{
    [Function("InviteToOrganization"), RequiresPermission(Permission.OrganizationsInvite)]
    [Operation("Invite to an organization", Tag = "Invitations", Body = typeof(InvitationRequest),
        Example = """{"email":"kim@example.org","role":"standard_engineer"}""", Returns = typeof(InvitationAnswer), Status = 201, Problems = ["ALREADY_MEMBER", "ALREADY_INVITED", "TOO_MANY_ATTEMPTS", "QUOTA_EXCEEDED"],
        Description = "Mails an invitation to join the organization with a system role. A person who already has a higher role keeps it.")]
    public async Task<IResult> ToOrganization(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/organizations/{id:guid}/invitations")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var organization = await organizations.RequireAsync(request.CurrentUser(), id, Permission.OrganizationsInvite, cancellation);
        return await SendAsync(request, InvitationKind.Organization, id, organization.Name, cancellation);
    }

    [Function("InviteToProject"), RequiresPermission(Permission.MembersInvite)]
    [Operation("Invite to a project", Tag = "Invitations", Body = typeof(InvitationRequest),
        Example = """{"email":"kim@example.org","role":"member","message":"We label dents now."}""", Returns = typeof(InvitationAnswer), Status = 201, Problems = ["ALREADY_MEMBER", "ALREADY_INVITED", "TOO_MANY_ATTEMPTS"],
        Description = "Mails an invitation to join the project with a role. It can be accepted for seven days.")]
    public async Task<IResult> ToProject(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/projects/{id:guid}/invitations")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var project = await projects.RequireAsync(request.CurrentUser(), id, Permission.MembersInvite, cancellation);
        return await SendAsync(request, InvitationKind.Project, id, project.Name, cancellation);
    }

    [Function("InviteToDataset"), RequiresPermission(Permission.DatasetsShare)]
    [Operation("Share a dataset", Tag = "Invitations", Body = typeof(InvitationRequest),
        Example = """{"email":"kim@example.org","role":"annotator"}""", Returns = typeof(InvitationAnswer), Status = 201, Problems = ["ALREADY_MEMBER", "ALREADY_INVITED", "TOO_MANY_ATTEMPTS"],
        Description = "Mails an invitation to work on one dataset with a role. The person need not be a member of the project.")]
    public async Task<IResult> ToDataset(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/datasets/{id:guid}/invitations")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var dataset = await projects.RequireDatasetAsync(platform, request.CurrentUser(), id, Permission.DatasetsShare, cancellation);
        return await SendAsync(request, InvitationKind.Dataset, id, dataset.Name, cancellation);
    }

    private async Task<IResult> SendAsync(HttpRequest request, InvitationKind kind, Guid target, string name, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<InvitationRequest>(cancellation);
        var once = request.Once<Invitation>(invitation => Answer.Created($"/api/v1/invitations/{invitation.Id}", InvitationAnswer.Of(invitation)));
        var wanted = new NewInvitation(kind, target, name, body.Email, body.Role, body.Message);
        return (await invitations.SendAsync(request.CurrentInviter(), wanted, once, cancellation)).ToResult();
    }
}

internal static class InviterExtensions
{
    public static Inviter CurrentInviter(this HttpRequest request)
    {
        var user = request.CurrentUser();
        return new Inviter(user.Id, user.Email, user.FullName, user.Role);
    }
}
