namespace DmAgents.Agent.Configuration;

/// <summary>The configuration cannot be used. The message says which setting, why, and what would be right.</summary>
public sealed class SettingsException(string message) : Exception(message);
