using System.Text.RegularExpressions;

namespace DmAgents.Agent.Containerd.Filters;

/// <summary>One condition on one field. An absent field has the empty value; only <c>==</c> and the presence test
/// require the field to exist. <c>labels.x!=1</c> and <c>labels.x~=.*</c> hold if there is no such label. containerd
/// does the same, and its clients depend on it.</summary>
internal abstract record Selector(IReadOnlyList<string> Path)
{
    public abstract bool Holds(IFilterable thing);

    internal sealed record Present(IReadOnlyList<string> Path) : Selector(Path)
    {
        public override bool Holds(IFilterable thing) => thing.TryField(Path, out _);
    }

    internal sealed record Equal(IReadOnlyList<string> Path, string Value) : Selector(Path)
    {
        public override bool Holds(IFilterable thing) => thing.TryField(Path, out var value) && value == Value;
    }

    internal sealed record NotEqual(IReadOnlyList<string> Path, string Value) : Selector(Path)
    {
        public override bool Holds(IFilterable thing)
        {
            thing.TryField(Path, out var value);
            return value != Value;
        }
    }

    /// <summary>The expression may match any part of the value.</summary>
    internal sealed record Like(IReadOnlyList<string> Path, Regex Expression) : Selector(Path)
    {
        public override bool Holds(IFilterable thing)
        {
            thing.TryField(Path, out var value);
            return Expression.IsMatch(value);
        }
    }
}
