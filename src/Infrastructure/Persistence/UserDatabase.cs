using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Audit;
using VisionPlatform.Domain.Projects;

namespace VisionPlatform.Infrastructure.Persistence;

/// <summary>USER_DATABASE_URL: people and memberships, shared by platform and labeling.</summary>
public sealed class UserDatabase(DbContextOptions<UserDatabase> options) : DbContext(options)
{
    public DbSet<User> Users => Set<User>();
    public DbSet<RefreshToken> RefreshTokens => Set<RefreshToken>();
    public DbSet<SignInFailures> SignInFailures => Set<SignInFailures>();
    public DbSet<ProjectMember> ProjectMembers => Set<ProjectMember>();
    public DbSet<AuditEntry> AuditEntries => Set<AuditEntry>();
    public DbSet<IdempotentAnswer> IdempotentAnswers => Set<IdempotentAnswer>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<User>(user =>
        {
            user.HasIndex(u => u.NormalizedEmail).IsUnique();
            user.Property(u => u.Email).HasMaxLength(320);
            user.Property(u => u.NormalizedEmail).HasMaxLength(320);
            user.Property(u => u.FullName).HasMaxLength(200);
        });
        modelBuilder.Entity<RefreshToken>(token =>
        {
            token.HasIndex(t => t.TokenHash).IsUnique();
            token.HasIndex(t => t.FamilyId);
            token.HasIndex(t => t.ExpiresAt);
            token.HasOne<User>().WithMany().HasForeignKey(t => t.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<SignInFailures>(failures =>
        {
            failures.HasKey(f => f.EmailHash);
            failures.HasIndex(f => f.LastAt);
        });
        modelBuilder.Entity<ProjectMember>(member =>
        {
            member.HasKey(m => new { m.ProjectId, m.UserId });
            member.HasIndex(m => m.UserId);
            member.HasOne<User>().WithMany().HasForeignKey(m => m.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<AuditEntry>(entry =>
        {
            // No foreign keys: the log outlives what it tells of.
            entry.Property(e => e.Details).HasColumnType("jsonb");
            entry.Property(e => e.Action).HasMaxLength(AuditLimits.Action);
            entry.Property(e => e.ActorName).HasMaxLength(AuditLimits.Name);
            entry.Property(e => e.SubjectType).HasMaxLength(AuditLimits.Action);
            entry.Property(e => e.SubjectId).HasMaxLength(AuditLimits.Id);
            entry.Property(e => e.SubjectName).HasMaxLength(AuditLimits.Name);
            entry.Property(e => e.UserAgent).HasMaxLength(AuditLimits.UserAgent);
            entry.HasIndex(e => new { e.ActorId, e.Id });
            entry.HasIndex(e => new { e.Action, e.Id });
            entry.HasIndex(e => new { e.SubjectId, e.Id });
        });
        modelBuilder.MapIdempotentAnswers();
        modelBuilder.UseSnakeCaseAndTextEnums();
    }
}
