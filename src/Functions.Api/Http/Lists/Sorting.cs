using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Http.Lists;

/// <summary>
/// The orders of a list: <c>?sort=name</c>, descending <c>?sort=-name</c>. Rows with equal keys are in the order of their
/// UUID v7 <c>Id</c>, so that a page begins exactly where the previous one ended. Declare the names in <see cref="OperationAttribute.Sort"/> too.
/// </summary>
/// <typeparam name="TRow">A row with a Guid property <c>Id</c>.</typeparam>
public sealed class Sorting<TRow>
{
    /// <summary>Only by age; newest first by default.</summary>
    public static readonly Sorting<TRow> NewestFirst = new();

    /// <summary>Name of the order by age. Its key is the id.</summary>
    public const string ByAge = "createdAt";

    private readonly Dictionary<string, Order> _orders = new(StringComparer.Ordinal) { [ByAge] = new AgeOrder() };

    /// <summary>The names of the orders.</summary>
    public IEnumerable<string> Names => _orders.Keys;

    /// <summary>Adds an order. It needs an index on the filter of the list, this key and the id.</summary>
    /// <param name="name">Value of <c>?sort=</c>.</param>
    /// <param name="key">A key that is never null and that Entity Framework can translate.</param>
    public Sorting<TRow> By<TKey>(string name, Expression<Func<TRow, TKey>> key)
        where TKey : notnull
    {
        _orders.Add(name, new KeyOrder<TKey>(key));
        return this;
    }

    /// <summary>Reads the page of <paramref name="rows"/> that the request asks for.</summary>
    internal Task<Page<TAnswer>> ReadAsync<TAnswer>(IQueryable<TRow> rows, HttpRequest request, Func<TRow, TAnswer> answer, CancellationToken cancellation) =>
        ReadAsync(rows, request, PageRequest.Read(request), answer, cancellation);

    /// <summary>Reads a page in the order that the request asks for.</summary>
    internal Task<Page<TAnswer>> ReadAsync<TAnswer>(
        IQueryable<TRow> rows, HttpRequest request, PageRequest page, Func<TRow, TAnswer> answer, CancellationToken cancellation)
    {
        var text = request.Query["sort"].ToString();
        var wanted = text.Length == 0 ? "-" + ByAge : text;
        var descending = wanted.StartsWith('-');
        if (!_orders.TryGetValue(descending ? wanted[1..] : wanted, out var order))
            throw new ProblemException(ErrorCodes.InvalidParameter, $"sort must be one of {string.Join(", ", _orders.Keys)}, with a leading - for descending order.", "sort");
        return order.ReadAsync(rows, wanted, descending, page, answer, cancellation);
    }

    private static readonly ParameterExpression Row = Expression.Parameter(typeof(TRow), "row");
    private static readonly MemberExpression IdOfRow = Expression.Property(Row, "Id");
    private static readonly Expression<Func<TRow, Guid>> Id = Expression.Lambda<Func<TRow, Guid>>(IdOfRow, Row);
    private static readonly Func<TRow, Guid> ReadId = Id.Compile();

    private abstract class Order
    {
        public abstract Task<Page<TAnswer>> ReadAsync<TAnswer>(
            IQueryable<TRow> rows, string sort, bool descending, PageRequest page, Func<TRow, TAnswer> answer, CancellationToken cancellation);

        /// <summary>Passes a value as a query parameter, so that all pages share one compiled query.</summary>
        protected static Expression Parameter<T>(T value) => Expression.Field(Expression.Constant(new StrongBox<T>(value)), nameof(StrongBox<T>.Value));
    }

    private sealed class AgeOrder : Order
    {
        public override async Task<Page<TAnswer>> ReadAsync<TAnswer>(
            IQueryable<TRow> rows, string sort, bool descending, PageRequest page, Func<TRow, TAnswer> answer, CancellationToken cancellation)
        {
            if (page.After<Guid?>() is { } after)
            {
                var compare = descending ? Expression.LessThan(IdOfRow, Parameter(after)) : Expression.GreaterThan(IdOfRow, Parameter(after));
                rows = rows.Where(Expression.Lambda<Func<TRow, bool>>(compare, Row));
            }
            var found = await (descending ? rows.OrderByDescending(Id) : rows.OrderBy(Id)).Take(page.Limit + 1).ToListAsync(cancellation);
            return Page.Of(found, page, ReadId, answer);
        }
    }

    private sealed record Position<TKey>(string Sort, TKey Key, Guid Id);

    private sealed record Keyed<TKey>(TRow Row, TKey Key);

    private sealed class KeyOrder<TKey>(Expression<Func<TRow, TKey>> key) : Order
        where TKey : notnull
    {
        // The key as the database computes it, which .NET may compute differently (lower case, rounding).
        private readonly Expression<Func<TRow, Keyed<TKey>>> _withKey = Expression.Lambda<Func<TRow, Keyed<TKey>>>(
            Expression.New(typeof(Keyed<TKey>).GetConstructors().Single(), key.Parameters[0], key.Body), key.Parameters[0]);

        public override async Task<Page<TAnswer>> ReadAsync<TAnswer>(
            IQueryable<TRow> rows, string sort, bool descending, PageRequest page, Func<TRow, TAnswer> answer, CancellationToken cancellation)
        {
            if (page.After<Position<TKey>>() is { } after)
                rows = after.Sort == sort && after.Key is not null ? rows.Where(After(after, descending)) : throw new ProblemException(ErrorCodes.InvalidCursor, "The cursor belongs to another sort order.");
            var ordered = descending ? rows.OrderByDescending(key).ThenByDescending(Id) : rows.OrderBy(key).ThenBy(Id);
            var found = await ordered.Take(page.Limit + 1).Select(_withKey).ToListAsync(cancellation);
            return Page.Of(found, page, row => new Position<TKey>(sort, row.Key, ReadId(row.Row)), row => answer(row.Row));
        }

        /// <summary><c>(key, id) &lt; (@key, @id)</c>, a comparison that can use an index.</summary>
        private Expression<Func<TRow, bool>> After(Position<TKey> position, bool descending)
        {
            var row = key.Parameters[0];
            var method = typeof(NpgsqlDbFunctionsExtensions).GetMethod(
                descending ? nameof(NpgsqlDbFunctionsExtensions.LessThan) : nameof(NpgsqlDbFunctionsExtensions.GreaterThan), [typeof(DbFunctions), typeof(ITuple), typeof(ITuple)])!;
            return Expression.Lambda<Func<TRow, bool>>(
                Expression.Call(
                    method, Expression.Constant(EF.Functions), Pair(key.Body, Expression.Property(row, "Id")), Pair(Parameter(position.Key), Parameter(position.Id))),
                row);
        }

        private static UnaryExpression Pair(Expression first, Expression second) =>
            Expression.Convert(Expression.Call(typeof(ValueTuple), nameof(ValueTuple.Create), [typeof(TKey), typeof(Guid)], first, second), typeof(ITuple));
    }
}

public static class SortingExtensions
{
    /// <summary>Reads the page that <c>limit</c>, <c>cursor</c> and <c>sort</c> of the request select.</summary>
    /// <param name="rows">The filtered rows. An index should serve the filter and the order.</param>
    /// <param name="sorting">The orders of the list.</param>
    /// <param name="answer">Converts a row to its answer.</param>
    public static Task<Page<TAnswer>> PageAsync<TRow, TAnswer>(
        this IQueryable<TRow> rows, HttpRequest request, Sorting<TRow> sorting, Func<TRow, TAnswer> answer, CancellationToken cancellation) =>
        sorting.ReadAsync(rows, request, answer, cancellation);

    /// <summary>Reads the page of a list that can be sorted only by age.</summary>
    public static Task<Page<TAnswer>> NewestFirstAsync<TRow, TAnswer>(
        this IQueryable<TRow> rows, HttpRequest request, Func<TRow, TAnswer> answer, CancellationToken cancellation) =>
        Sorting<TRow>.NewestFirst.ReadAsync(rows, request, answer, cancellation);

    /// <summary>Like <see cref="NewestFirstAsync"/>, with one item before all rows. The first page has it in place of a row, so that no page is too long.</summary>
    /// <param name="first">The item of the first page.</param>
    public static async Task<Page<TAnswer>> NewestFirstAfterAsync<TRow, TAnswer>(
        this IQueryable<TRow> rows, TAnswer first, HttpRequest request, Func<TRow, TAnswer> answer, CancellationToken cancellation)
    {
        var page = PageRequest.Read(request);
        if (page.Cursor is not null)
            return await rows.NewestFirstAsync(request, answer, cancellation);
        var (rest, ascending) = (page with { Limit = page.Limit - 1 }, request.Query["sort"] == Sorting<TRow>.ByAge);
        if (rest.Limit > 0)
        {
            var found = await Sorting<TRow>.NewestFirst.ReadAsync(rows, request, rest, answer, cancellation);
            return found with { Items = [first, .. found.Items] };
        }
        // A cursor that is before every row.
        return new Page<TAnswer>([first], await rows.AnyAsync(cancellation) ? Page.CursorOf(ascending ? Guid.Empty : Guid.AllBitsSet) : null);
    }
}
