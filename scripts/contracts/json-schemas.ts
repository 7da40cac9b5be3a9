import ts from 'typescript';

/** A JSON Schema (draft 7). Named types are `{"$ref": "#/components/schemas/<name>"}`. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * Said as such, not spelled out: what may hold anything, and lists to which entries are added all the time, which a
 * reader must not take for closed.
 */
const FREE: Readonly<Record<string, JsonSchema>> = {
  JsonObject: { type: 'object' },
  JsonValue: {},
  ErrorCode: { type: 'string' },
  StepKind: { type: 'string' },
};

/**
 * JSON Schemas of the members of an interface, and of all named types that they refer to, as TypeScript's own checker
 * understands them. Objects stay open: fields may be added.
 */
export class JsonSchemas {
  readonly named = new Map<string, JsonSchema>();
  private readonly checker: ts.TypeChecker;
  private readonly source: ts.SourceFile;

  constructor(file: string) {
    const program = ts.createProgram([file], {
      strict: true,
      exactOptionalPropertyTypes: true,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      target: ts.ScriptTarget.ES2023,
      types: [],
    });
    const source = program.getSourceFile(file);
    if (source === undefined) throw new Error(`${file} cannot be read`);
    this.checker = program.getTypeChecker();
    this.source = source;
  }

  /** Puts a schema under the name of each member of the interface, and answers these names. */
  addMembersOf(interfaceName: string): string[] {
    const members = this.checker.getPropertiesOfType(this.typeNamed(interfaceName));
    for (const member of members)
      this.named.set(member.name, described(this.structureOf(this.typeOf(member)), this.textOf(member)));
    return members.map(({ name }) => name);
  }

  add(typeName: string): void {
    this.named.set(typeName, this.structureOf(this.typeNamed(typeName)));
  }

  private typeNamed(name: string): ts.Type {
    const node = this.source.statements.find(
      (one) => (ts.isInterfaceDeclaration(one) || ts.isTypeAliasDeclaration(one)) && one.name.text === name,
    );
    if (node === undefined) throw new Error(`${this.source.fileName} declares no ${name}`);
    return this.checker.getTypeAtLocation(node);
  }

  private typeOf(symbol: ts.Symbol): ts.Type {
    return this.checker.getTypeOfSymbol(symbol);
  }

  private textOf(symbol: ts.Symbol): string {
    return ts.displayPartsToString(symbol.getDocumentationComment(this.checker)).trim();
  }

  /** A reference where the type has a name of its own, else its structure. */
  private schemaOf(type: ts.Type): JsonSchema {
    const name = nameOf(type);
    if (name === undefined) return this.structureOf(type);
    const free = FREE[name];
    if (free !== undefined) return free;
    if (!this.named.has(name)) {
      // Before its structure is known, or a type that holds itself would never end.
      this.named.set(name, {});
      const symbol = type.aliasSymbol ?? type.symbol;
      this.named.set(name, described(this.structureOf(type), this.textOf(symbol)));
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  private structureOf(type: ts.Type): JsonSchema {
    const simple = simpleSchema(type);
    if (simple !== undefined) return simple;
    if (type.isUnion()) return this.unionOf(type.types);
    if (type.isIntersection()) {
      // A branded text is a text.
      const primitive = type.types.map(simpleSchema).find((one) => one !== undefined);
      if (primitive !== undefined) return primitive;
    }
    if (this.checker.isArrayType(type)) {
      const [item] = this.checker.getTypeArguments(type as ts.TypeReference);
      return { type: 'array', items: item === undefined ? {} : this.schemaOf(item) };
    }
    return this.objectOf(type);
  }

  private unionOf(types: readonly ts.Type[]): JsonSchema {
    const given = types.filter((type) => (type.flags & ts.TypeFlags.Undefined) === 0);
    const [only] = given;
    if (only !== undefined && given.length === 1) return this.schemaOf(only);
    if (given.every((type) => (type.flags & ts.TypeFlags.BooleanLiteral) !== 0)) return { type: 'boolean' };
    const texts = given.flatMap((type) => (type.isStringLiteral() ? [type.value] : []));
    if (texts.length === given.length) return { type: 'string', enum: texts };
    return { anyOf: given.map((type) => this.schemaOf(type)) };
  }

  private objectOf(type: ts.Type): JsonSchema {
    const values = this.checker.getIndexTypeOfType(type, ts.IndexKind.String);
    const members = this.checker.getPropertiesOfType(type);
    const properties = members.map((member): [string, JsonSchema] => [
      member.name,
      described(FREE[writtenType(member)] ?? this.schemaOf(this.typeOf(member)), this.textOf(member)),
    ]);
    const required = members.filter((member) => (member.flags & ts.SymbolFlags.Optional) === 0);
    return {
      type: 'object',
      ...(properties.length === 0 ? {} : { properties: Object.fromEntries(properties) }),
      ...(required.length === 0 ? {} : { required: required.map(({ name }) => name) }),
      ...(values === undefined ? {} : { additionalProperties: this.schemaOf(values) }),
    };
  }
}

const PRIMITIVES: readonly (readonly [ts.TypeFlags, JsonSchema])[] = [
  [ts.TypeFlags.String, { type: 'string' }],
  [ts.TypeFlags.Number, { type: 'number' }],
  [ts.TypeFlags.Boolean, { type: 'boolean' }],
  [ts.TypeFlags.Null, { type: 'null' }],
  [ts.TypeFlags.Any | ts.TypeFlags.Unknown, {}],
];

function simpleSchema(type: ts.Type): JsonSchema | undefined {
  if (type.isStringLiteral()) return { type: 'string', const: type.value };
  if (type.isNumberLiteral()) return { type: 'number', const: type.value };
  return PRIMITIVES.find(([flag]) => (type.flags & flag) !== 0)?.[1];
}

/** Name of the type as the member's declaration says it: the checker forgets an alias of a union that it computed. */
function writtenType({ valueDeclaration }: ts.Symbol): string {
  if (valueDeclaration === undefined || !ts.isPropertySignature(valueDeclaration)) return '';
  const { type } = valueDeclaration;
  return type !== undefined && ts.isTypeReferenceNode(type) ? type.typeName.getText() : '';
}

/** Of interfaces and aliases that this project declares; a part of a type written in place has none. */
function nameOf(type: ts.Type): string | undefined {
  const symbol = type.aliasSymbol ?? type.getSymbol();
  if (symbol === undefined || type.aliasTypeArguments !== undefined) return undefined;
  const isNamed = (symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias)) !== 0;
  const isOurs =
    symbol.declarations?.some((node) => !node.getSourceFile().fileName.includes('/node_modules/')) === true;
  return isNamed && isOurs ? symbol.name : undefined;
}

/** A reference takes no neighbours in draft 7. */
function described(schema: JsonSchema, description: string): JsonSchema {
  if (description === '') return schema;
  if ('$ref' in schema) return { description, allOf: [schema] };
  return { description, ...schema };
}
