// What tsc does not see: rules that need types too. Layout is nobody's business here.
import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,
  { languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: process.cwd() } } },
  {
    rules: {
      "max-lines": ["error", 260],
      "no-control-regex": "off", /* control characters are what is looked for */
      "@typescript-eslint/no-non-null-assertion": "off", /* where an index has just been checked */
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/no-unnecessary-type-parameters": "off", /* byId<HTMLInputElement>() says what it is */
      "@typescript-eslint/no-deprecated": "off", /* the old ways are for browsers without the new ones */
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      /* Page code that must not interpret anything of a visitor's. */
      "no-restricted-properties": ["error", { property: "innerHTML" }, { property: "outerHTML" }, { property: "insertAdjacentHTML" }],
      "no-eval": "error",
      "no-implied-eval": "off",
      "@typescript-eslint/no-implied-eval": "error",
    },
  },
);
