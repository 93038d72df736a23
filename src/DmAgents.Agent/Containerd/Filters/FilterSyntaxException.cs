namespace DmAgents.Agent.Containerd.Filters;

/// <summary>
/// A filter or an expression in it cannot be read. Between the parsers of this folder only:
/// <see cref="FilterSet.TryParse"/> gives it to the caller as a text.
/// </summary>
/// <param name="position">The index of the character at fault, in UTF-16 units.</param>
internal sealed class FilterSyntaxException(int position, string reason) : Exception(reason)
{
    public int Position => position;
}
