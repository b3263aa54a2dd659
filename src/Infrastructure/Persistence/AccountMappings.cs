using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Mail;

namespace VisionPlatform.Infrastructure.Persistence;

/// <summary>Keys, indexes and limits of accounts, sessions, tokens and queued mails.</summary>
internal static class AccountMappings
{
    public static void MapAccounts(this ModelBuilder model)
    {
        model.Entity<User>(user =>
        {
            user.HasIndex(u => u.NormalizedEmail).IsUnique();
            user.Property(u => u.Email).HasMaxLength(320);
            user.Property(u => u.NormalizedEmail).HasMaxLength(320);
            user.Property(u => u.FullName).HasMaxLength(200);
            user.Property(u => u.BadgeColor).HasMaxLength(7);
        });
        model.Entity<UserSession>(session =>
        {
            session.Property(s => s.Client).HasMaxLength(UserSession.MaximumClientLength);
            session.HasIndex(s => new { s.UserId, s.Id });
            session.HasIndex(s => s.ExpiresAt);
            session.HasIndex(s => s.EndedAt);
            session.HasOne<User>().WithMany().HasForeignKey(s => s.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<RefreshToken>(token =>
        {
            token.HasIndex(t => t.TokenHash).IsUnique();
            token.HasIndex(t => t.SessionId);
            token.HasOne<UserSession>().WithMany().HasForeignKey(t => t.SessionId).OnDelete(DeleteBehavior.Cascade);
            token.HasOne<User>().WithMany().HasForeignKey(t => t.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<PersonalToken>(token =>
        {
            token.Property(t => t.Name).HasMaxLength(PersonalToken.MaximumNameLength);
            token.HasIndex(t => t.TokenHash).IsUnique();
            token.HasIndex(t => new { t.UserId, t.Id });
            token.HasOne<User>().WithMany().HasForeignKey(t => t.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<MailedToken>(token =>
        {
            token.Property(t => t.Email).HasMaxLength(320);
            token.Property(t => t.FullName).HasMaxLength(200);
            token.HasIndex(t => t.TokenHash).IsUnique();
            token.HasIndex(t => t.UserId);
            token.HasIndex(t => t.ExpiresAt);
            token.HasOne<User>().WithMany().HasForeignKey(t => t.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<SignInFailures>(failures =>
        {
            failures.HasKey(f => f.KeyHash);
            failures.HasIndex(f => f.LastAt);
        });
        model.Entity<MailCount>(count =>
        {
            count.HasKey(c => c.KeyHash);
            count.HasIndex(c => c.LastAt);
        });
        model.Entity<QueuedMail>(mail =>
        {
            mail.Property(m => m.SealedWith).HasMaxLength(16);
            mail.HasIndex(m => m.NextAttemptAt);
        });
    }
}
