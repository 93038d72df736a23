namespace DmAgents.Agent.Containerd.Filters;

/// <summary>An object with fields that a filter can test.</summary>
internal interface IFilterable
{
    /// <param name="path">The parts of the field's path, at least one.</param>
    /// <param name="value">The field's value; empty if the field is absent.</param>
    /// <returns>Whether the field is present. A present field may be empty.</returns>
    bool TryField(IReadOnlyList<string> path, out string value);
}
