using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Accounts;
using VisionPlatform.Application.Invitations;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Invitations;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Invitations;

/// <summary>Reading, accepting, declining, resending and cancelling invitations.</summary>
public sealed class InvitationFunctions(
    UserDatabase users, SentInvitations invitations, InvitationAnswers answers, InvitationAuthority authority, AccountSettings settings)
{
    private const string Route = "api/v1/invitations";
    private const string RouteOfOne = Route + "/{id:guid}";
    private const string TokenExample = $$"""{"token":"{{Examples.InvitationToken}}"}""";

    [Function("ListSentInvitations"), RequiresPermission(Permission.InvitationsRead)]
    [Operation("List sent invitations", Returns = typeof(Page<InvitationAnswer>),
        Description = "Invitations that the caller sent, newest first.")]
    [Query<InvitationState>("state", "Only invitations in this state.", Example = "pending")]
    [Query<Guid>("targetId", "Only invitations to this organization, project or dataset.", Example = Examples.Project)]
    public Task<IResult> ListSent([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, CancellationToken cancellation)
    {
        var id = request.CurrentUser().Id;
        return ListAsync(request, users.Invitations.Where(invitation => invitation.InviterId == id), cancellation);
    }

    [Function("ListReceivedInvitations"), RequiresPermission(Permission.InvitationsRead)]
    [Operation("List received invitations", Returns = typeof(Page<InvitationAnswer>),
        Description = "Invitations to the caller's e-mail address, newest first. Accepting one takes the token from the mail. Where addresses are not confirmed by mail, having an address proves nothing, and the list has only invitations that the caller has accepted.")]
    [Query<InvitationState>("state", "Only invitations in this state.", Example = "pending")]
    [Query<Guid>("targetId", "Only invitations to this organization, project or dataset.", Example = Examples.Project)]
    public async Task<IResult> ListReceived([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route + "/received")] HttpRequest request, CancellationToken cancellation)
    {
        var (email, id) = (await ProvenAddressAsync(request, cancellation), request.CurrentUser().Id);
        return await ListAsync(request, users.Invitations.Where(invitation => invitation.NormalizedEmail == email || invitation.AnsweredBy == id), cancellation);
    }

    [Function("GetInvitation"), RequiresPermission(Permission.InvitationsRead)]
    [Operation("Get an invitation", Returns = typeof(InvitationAnswer), Unversioned = "An invitation cannot be edited.",
        Description = "An invitation that the caller sent or received.")]
    public async Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var email = await ProvenAddressAsync(request, cancellation);
        var invitation = await users.Invitations.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellation);
        return invitation is not null && (invitation.NormalizedEmail == email || invitation.AnsweredBy == request.CurrentUser().Id || await IsOwnAsync(request, invitation, cancellation))
            ? Answer.Ok(InvitationAnswer.Of(invitation))
            : throw NoSuchInvitation();
    }

    [Function("ResendInvitation"), RequiresPermission(Permission.InvitationsWrite)]
    [Operation("Resend an invitation", Returns = typeof(InvitationAnswer), Problems = ["INVALID_STATE", "ALREADY_INVITED", "INVITATION_INVALID", "TOO_MANY_ATTEMPTS"],
        Description = "Mails the invitation again with a new link that works for seven days. The previous link stops working.")]
    public async Task<IResult> Resend([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = RouteOfOne + "/resend")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await RequireOwnAsync(request, id, cancellation);
        return Answer.Ok(InvitationAnswer.Of(await invitations.ResendAsync(request.CurrentInviter(), id, cancellation)));
    }

    [Function("CancelInvitation"), RequiresPermission(Permission.InvitationsWrite)]
    [Operation("Cancel an invitation", Status = 204, Problems = ["INVALID_STATE", "INVITATION_EXPIRED"],
        Description = "Withdraws a pending invitation that the caller sent or would be allowed to send.")]
    public async Task<IResult> Cancel([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await RequireOwnAsync(request, id, cancellation);
        await invitations.CancelAsync(id, cancellation);
        return Answer.NoContent();
    }

    [Function("PreviewInvitation"), AllowAnonymousAccess("the token in the mail")]
    [Operation("Preview an invitation", Body = typeof(InvitationToken), Example = TokenExample, Returns = typeof(InvitationPreview), Problems = ["INVITATION_INVALID", "INVITATION_EXPIRED", "INVALID_STATE"],
        NotIdempotent = "It creates nothing.",
        Description = "Returns what the token from an invitation mail offers. The caller need not be signed in.")]
    public async Task<IResult> Preview([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route + "/preview")] HttpRequest request, CancellationToken cancellation)
    {
        var invitation = await answers.FindAsync((await request.ReadJsonAsync<InvitationToken>(cancellation)).Token, cancellation);
        var inviter = await users.Users.Where(user => user.Id == invitation.InviterId).Select(user => user.FullName ?? user.Email).SingleOrDefaultAsync(cancellation);
        return Answer.Ok(new InvitationPreview(invitation.Kind, invitation.TargetName, invitation.Email, invitation.Role, inviter ?? "", invitation.Message, invitation.ExpiresAt));
    }

    [Function("AcceptInvitation"), RequiresPermission(Permission.InvitationsWrite)]
    [Operation("Accept an invitation", Body = typeof(InvitationToken), Example = TokenExample, Returns = typeof(InvitationAnswer),
        Problems = ["INVITATION_INVALID", "INVITATION_EXPIRED", "INVITATION_FOR_ANOTHER", "INVALID_STATE", "OTHER_ORGANIZATION", "QUOTA_EXCEEDED"], NotIdempotent = "An invitation is accepted once.",
        Description = "Accepts an invitation to the caller's e-mail address, with the token from the mail.")]
    public async Task<IResult> Accept([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route + "/accept")] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<InvitationToken>(cancellation);
        return Answer.Ok(InvitationAnswer.Of(await answers.AcceptAsync(request.CurrentUser().Id, body.Token, cancellation)));
    }

    [Function("DeclineInvitation"), AllowAnonymousAccess("the token in the mail")]
    [Operation("Decline an invitation", Body = typeof(InvitationToken), Example = TokenExample, Status = 204, Problems = ["INVITATION_INVALID", "INVITATION_EXPIRED", "INVALID_STATE"],
        NotIdempotent = "An invitation is declined once.",
        Description = "Declines an invitation with the token from the mail. The caller need not be signed in.")]
    public async Task<IResult> Decline([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route + "/decline")] HttpRequest request, CancellationToken cancellation)
    {
        await answers.DeclineAsync((await request.ReadJsonAsync<InvitationToken>(cancellation)).Token, cancellation);
        return Answer.NoContent();
    }

    [Function("SignUpInvited"), AllowAnonymousAccess("the token in the mail")]
    [Operation("Sign up with an invitation", Body = typeof(InvitedSignUp),
        Example = $$"""{"token":"{{Examples.InvitationToken}}","password":"a green field in late spring","fullName":"Kim Berg"}""", Returns = typeof(SessionAnswer), Status = 201,
        Problems = ["INVITATION_INVALID", "INVITATION_EXPIRED", "INVALID_STATE", "SIGN_UP_CLOSED", "WEAK_PASSWORD", "EMAIL_TAKEN", "QUOTA_EXCEEDED"], NotIdempotent = "An invitation is accepted once.",
        Description = "Creates the account of the invited e-mail address, accepts the invitation and signs in.")]
    public async Task<IResult> SignUp([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route + "/sign-up")] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<InvitedSignUp>(cancellation);
        return Answer.Created("/api/v1/auth/me", SessionAnswer.Of(await answers.SignUpAsync(body.Token, body.Password, body.FullName, request.Origin(), cancellation)));
    }

    private static async Task<IResult> ListAsync(HttpRequest request, IQueryable<Invitation> found, CancellationToken cancellation)
    {
        if (request.QueryOneOf<InvitationState>("state") is { } state)
            found = found.Where(invitation => invitation.State == state);
        if (request.QueryId("targetId") is { } target)
            found = found.Where(invitation => invitation.TargetId == target);
        return Answer.Ok(await found.AsNoTracking().NewestFirstAsync(request, InvitationAnswer.Of, cancellation));
    }

    // Null where anybody can have an account with any address: only the mailed token proves whose it is.
    private async Task<string?> ProvenAddressAsync(HttpRequest request, CancellationToken cancellation)
    {
        var id = request.CurrentUser().Id;
        return settings.ConfirmsEmail ? await users.Users.Where(user => user.Id == id).Select(user => user.NormalizedEmail).SingleOrDefaultAsync(cancellation) : null;
    }

    private async Task RequireOwnAsync(HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var invitation = await users.Invitations.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellation);
        if (invitation is null || !await IsOwnAsync(request, invitation, cancellation))
            throw NoSuchInvitation();
    }

    private async Task<bool> IsOwnAsync(HttpRequest request, Invitation invitation, CancellationToken cancellation) =>
        invitation.InviterId == request.CurrentUser().Id
        || (await authority.FindTargetAsync(invitation.Kind, invitation.TargetId, cancellation) is { } target
            && await authority.MayOfferAsync(request.CurrentUser().Id, invitation.Kind, invitation.TargetId, target, invitation.Role, cancellation));

    private static ProblemException NoSuchInvitation() => new(ErrorCodes.NotFound, "There is no such invitation, or you may not see it.");
}
