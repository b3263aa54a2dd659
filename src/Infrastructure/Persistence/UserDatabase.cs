using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Audit;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Invitations;
using VisionPlatform.Domain.Organizations;
using VisionPlatform.Domain.Projects;

namespace VisionPlatform.Infrastructure.Persistence;

/// <summary>USER_DATABASE_URL: people and memberships, shared by platform and labeling.</summary>
public sealed class UserDatabase(DbContextOptions<UserDatabase> options) : DbContext(options)
{
    public DbSet<User> Users => Set<User>();
    public DbSet<RefreshToken> RefreshTokens => Set<RefreshToken>();
    public DbSet<SignInFailures> SignInFailures => Set<SignInFailures>();
    public DbSet<ProjectMember> ProjectMembers => Set<ProjectMember>();
    public DbSet<DatasetMember> DatasetMembers => Set<DatasetMember>();
    public DbSet<Organization> Organizations => Set<Organization>();
    public DbSet<Invitation> Invitations => Set<Invitation>();
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
        modelBuilder.MapTenancy();
        modelBuilder.MapAudit();
        modelBuilder.MapIdempotentAnswers();
        modelBuilder.UseSnakeCaseAndTextEnums();
    }
}
