using VisionPlatform.Application.Accounts;
using VisionPlatform.Application.Audit;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Invitations;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Limits;
using VisionPlatform.Infrastructure.Mail;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Modules;

/// <summary>People and what they may do: accounts, organizations, invitations, and the log of who did what.</summary>
internal static class AccountsModule
{
    public static Module Declaration { get; } = new(AppModule.Accounts)
    {
        Capabilities = ["Accounts", "Administration", "Audit", "Invitations", "Organizations"],
        Databases = [Databases.OfUsers],
        Settings =
        [
            SettingsSection.Of("Mail", MailSettings.From),
            SettingsSection.Of("Accounts", AccountSettings.From),
            SettingsSection.Of("Audit log", AuditSettings.From),
        ],
        Permissions =
        [
            Permission.AccountSelf, Permission.AccountPassword, Permission.AccountSecurity, Permission.InvitationsRead, Permission.InvitationsWrite,
            Permission.OrganizationsRead, Permission.QuotasRead, Permission.OrganizationsInvite, Permission.OrganizationsWrite,
            Permission.UsersRead, Permission.UsersWrite, Permission.UsersDelete, Permission.AuditRead,
        ],
        ApiGroups =
        [
            new("Auth", "Sign in and out, sign up, reset a password, manage the signed-in account, its sessions and its personal tokens."),
            new("Organizations", "Organizations, the people who belong to them, and the limits they share."),
            new("Invitations", "Invite people by e-mail to an organization, a project or a dataset, and answer invitations."),
            new("Administration", "Accounts and projects of other people, for managers and administrators."),
            new("Audit", "The audit log, for administrators."),
        ],
        AddServices = services => services.AddAudit().AddMail().AddAccounts().AddOrganizations().AddInvitations(),
        Retention =
        [
            IdempotentAnswers.Retention<UserDatabase>(),
            RetentionRule.Of<UserSessions>("ended sessions", (sessions, cancellation) => sessions.PurgeAsync(cancellation)),
            RetentionRule.Of<PersonalTokens>("expired and revoked personal tokens", (tokens, cancellation) => tokens.PurgeAsync(cancellation)),
            RetentionRule.Of<UserDatabase, TimeProvider>("expired links of mails", (database, time, cancellation) => MailedTokens.PurgeAsync(database, time.GetUtcNow(), cancellation)),
            RetentionRule.Of<SignInThrottle>("counts of failed sign-ins", (throttle, cancellation) => throttle.PurgeAsync(cancellation)),
            RetentionRule.Of<SharedBuckets>("rate limits that nobody uses", (buckets, cancellation) => buckets.PurgeAsync(cancellation)),
            RetentionRule.Of<MailLimits>("counts of mails", (limits, cancellation) => limits.PurgeAsync(cancellation)),
            RetentionRule.Of<SentInvitations>("expired invitations", (invitations, cancellation) => invitations.ExpireAsync(cancellation)),
            RetentionRule.Of<AuditLog>("audit entries", (audit, cancellation) => audit.PurgeAsync(cancellation)),
        ],
    };
}
