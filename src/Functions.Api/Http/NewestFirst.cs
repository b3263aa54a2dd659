using System.Linq.Expressions;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace VisionPlatform.Api.Http;

/// <summary>Lists of rows whose id is a UUID v7: the newest come first, and the id is the whole sort key.</summary>
public static class NewestFirst
{
    /// <summary>Reads the page that the request asks for.</summary>
    /// <param name="rows">Rows with a Guid property <c>Id</c>, filtered so that an index on the filter and the id serves the query.</param>
    /// <param name="answer">The row as the API shows it.</param>
    public static async Task<Page<TAnswer>> NewestFirstAsync<TRow, TAnswer>(
        this IQueryable<TRow> rows, HttpRequest request, Func<TRow, TAnswer> answer, CancellationToken cancellation)
    {
        var page = PageRequest.Read(request);
        if (page.After<Guid?>() is { } after)
            rows = rows.Where(Row<TRow>.Before(after));
        var found = await rows.OrderByDescending(Row<TRow>.Id).Take(page.Limit + 1).ToListAsync(cancellation);
        return Page.Of(found, page, Row<TRow>.ReadId, answer);
    }

    /// <summary>The id of a row type as expression and as compiled function, made once.</summary>
    private static class Row<TRow>
    {
        private static readonly ParameterExpression Parameter = Expression.Parameter(typeof(TRow), "row");
        private static readonly MemberExpression Property = Expression.Property(Parameter, "Id");

        public static readonly Expression<Func<TRow, Guid>> Id = Expression.Lambda<Func<TRow, Guid>>(Property, Parameter);
        public static readonly Func<TRow, Guid> ReadId = Id.Compile();

        public static Expression<Func<TRow, bool>> Before(Guid id) =>
            Expression.Lambda<Func<TRow, bool>>(Expression.LessThan(Property, Expression.Constant(id)), Parameter);
    }
}
