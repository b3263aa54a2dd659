using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Application.Invitations;

public static class InvitationServices
{
    /// <summary>Registers invitations. Needs accounts, mail, organizations and the audit log.</summary>
    public static IServiceCollection AddInvitations(this IServiceCollection services) => services
        .AddScoped<InvitationAuthority>().AddScoped<InvitationMails>().AddScoped<SentInvitations>().AddScoped<InvitationAnswers>();
}
