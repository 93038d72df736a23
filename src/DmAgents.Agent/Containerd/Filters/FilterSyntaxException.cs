namespace DmAgents.Agent.Containerd.Filters;

/// <summary>A filter or an expression in it is invalid. Used only between the parsers of this folder:
/// <see cref="FilterSet.TryParse"/> returns it to the caller as text.</summary>
/// <param name="position">The index of the offending character, in UTF-16 units.</param>
internal sealed class FilterSyntaxException(int position, string reason) : Exception(reason)
{
    public int Position => position;
}
