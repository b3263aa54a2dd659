using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Audit;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Import;
using VisionPlatform.Domain.Invitations;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Domain.Organizations;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Infrastructure.Mail;

namespace VisionPlatform.Infrastructure.Persistence;

/// <summary>USER_DATABASE_URL: accounts and memberships, used by all modules, the audit log, and operations.</summary>
public sealed class UserDatabase(DbContextOptions<UserDatabase> options) : DbContext(options)
{
    public DbSet<User> Users => Set<User>();
    public DbSet<RefreshToken> RefreshTokens => Set<RefreshToken>();
    public DbSet<UserSession> Sessions => Set<UserSession>();
    public DbSet<PersonalToken> PersonalTokens => Set<PersonalToken>();
    public DbSet<MailedToken> MailedTokens => Set<MailedToken>();
    public DbSet<SignInFailures> SignInFailures => Set<SignInFailures>();
    public DbSet<QueuedMail> QueuedMails => Set<QueuedMail>();
    public DbSet<MailCount> MailCounts => Set<MailCount>();
    public DbSet<ProjectMember> ProjectMembers => Set<ProjectMember>();
    public DbSet<OwnershipTransfer> OwnershipTransfers => Set<OwnershipTransfer>();
    public DbSet<DatasetMember> DatasetMembers => Set<DatasetMember>();
    public DbSet<Organization> Organizations => Set<Organization>();
    public DbSet<Invitation> Invitations => Set<Invitation>();
    public DbSet<AuditEntry> AuditEntries => Set<AuditEntry>();
    public DbSet<ImportedRow> ImportedRows => Set<ImportedRow>();
    public DbSet<DataOperation> Operations => Set<DataOperation>();
    public DbSet<OperationEvent> OperationEvents => Set<OperationEvent>();
    public DbSet<IdempotentAnswer> IdempotentAnswers => Set<IdempotentAnswer>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) => configurationBuilder.UseSnakeCase();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.MapAccounts();
        modelBuilder.MapTenancy();
        modelBuilder.MapAudit();
        modelBuilder.MapImportedRows();
        modelBuilder.MapOperations();
        modelBuilder.MapIdempotentAnswers();
        modelBuilder.UseTextEnumsAndRowVersions();
    }
}

/// <summary>Lets the migration tool make the context without an app or a database.</summary>
internal sealed class DesignTimeUserDatabase : IDesignTimeDbContextFactory<UserDatabase>
{
    public UserDatabase CreateDbContext(string[] args) => new(new DbContextOptionsBuilder<UserDatabase>().UseNpgsql("Host=design").Options);
}
